"""Record schemas, one JSON file per stream."""
