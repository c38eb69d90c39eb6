"""What a change does to the model, and whether it may be merged: reads only what Git keeps."""
