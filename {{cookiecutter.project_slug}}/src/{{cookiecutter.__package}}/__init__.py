"""{{ cookiecutter.__name_quoted }}."""
