"""From a fit to tidy rows."""
