"""Upgrade the library of a project, completely or not at all."""
