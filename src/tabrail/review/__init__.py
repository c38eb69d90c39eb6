"""Review a change: its effect on the model, and whether it can be merged or released."""
