"""Sources: cooperation."""
