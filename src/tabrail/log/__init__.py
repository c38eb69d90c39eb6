"""The log of predictions and their outcomes."""
