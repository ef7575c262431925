"""What is said of a claim, and whether it was registered."""
