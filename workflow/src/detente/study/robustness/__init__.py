"""Whether a result bears being looked at closely: power, sensitivity, influence, families, prediction, verdicts."""
