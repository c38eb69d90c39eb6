"""What cookiecutter_dvc.py and the hooks share; it needs the standard library and Jinja2."""
