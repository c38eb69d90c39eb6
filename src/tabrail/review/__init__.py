"""What a change does to the model, and whether it can be merged or released."""
