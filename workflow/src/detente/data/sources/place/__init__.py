"""Sources: place."""
