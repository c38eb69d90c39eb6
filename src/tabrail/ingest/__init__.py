"""Infer the schema of a new table, and bring its files into the project."""
