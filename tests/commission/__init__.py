"""Taking a hall into service."""
