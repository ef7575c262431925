"""Sources: power."""
