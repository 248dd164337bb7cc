"""The taps, sources and loops that read DDS backups, measured on the same work: `make bench`."""
