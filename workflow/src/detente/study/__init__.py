"""Claims to specifications, estimates and verdicts."""
