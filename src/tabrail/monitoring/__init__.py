"""Monitor the rows, the predictions and the scores of a model in use."""
