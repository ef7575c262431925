"""Models and inference for dyadic data."""
