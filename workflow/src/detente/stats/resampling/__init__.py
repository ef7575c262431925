"""Bootstraps, the jackknife and permutation."""
