"""The backup history of Huawei Cloud DDS, for warehouses: a Singer tap and an Airbyte source."""

__version__ = "0.1.0"
