"""Sources: conflict."""
