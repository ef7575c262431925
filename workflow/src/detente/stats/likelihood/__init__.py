"""Estimators by maximum likelihood, with and without penalties or fixed effects."""
