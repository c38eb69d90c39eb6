"""Erase people from the tables, the prediction log, and earlier tables that DVC keeps."""
