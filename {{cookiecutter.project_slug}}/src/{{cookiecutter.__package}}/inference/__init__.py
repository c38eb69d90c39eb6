"""From a table that nobody has described to its data contract, and all that follows from it."""
