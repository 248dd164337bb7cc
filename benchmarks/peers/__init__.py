"""Scripts that run in environments of their own; each gets one file of settings."""
