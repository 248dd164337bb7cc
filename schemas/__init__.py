"""JSON Schemas, one file a stream; installed as `tap_dds_backups.schemas`."""
