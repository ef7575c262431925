"""Sources: regime."""
