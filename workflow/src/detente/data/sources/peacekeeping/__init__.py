"""Sources: peacekeeping."""
