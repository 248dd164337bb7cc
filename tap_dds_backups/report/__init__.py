"""Singer messages in, DuckDB and one HTML page out."""
