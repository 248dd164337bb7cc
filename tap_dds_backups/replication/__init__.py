"""What to read and what to remember. Knows neither HTTP nor a framework."""
