"""Scores, intervals, plots and the model card."""
