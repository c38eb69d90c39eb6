"""What changes in the rows, the predictions and the scores of a model that is used."""
