"""Erase persons: from the tables, the prediction log, and what DVC keeps of earlier tables."""
