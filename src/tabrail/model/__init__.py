"""Models: estimators, search, files, releases and reference rows."""
