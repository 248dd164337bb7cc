"""The parts of the Airbyte face; `source.py` is its command line."""
