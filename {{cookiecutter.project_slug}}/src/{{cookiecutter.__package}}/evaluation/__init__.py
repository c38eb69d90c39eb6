"""What evaluate says of a model: scores with intervals, curves, and the model card."""
