"""Names of the frames of an examination, apart from what makes them: the workflow reads these whatever it builds."""

EXAMINED = (
    "headline", "power", "power_curve", "sensitivity", "bounds", "contours", "extremes", "selection", "evalue",
    "placebos", "influence", "tests", "draws", "failures",
)  # fmt: skip
