"""Sources: discord."""
