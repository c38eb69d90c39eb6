"""From an unknown table to its schema."""
