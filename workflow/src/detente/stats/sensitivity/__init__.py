"""What unobserved confounders could do."""
