"""The linear core and the estimators on it."""
