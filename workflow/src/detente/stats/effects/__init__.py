"""Marginal effects, predictions and risks."""
