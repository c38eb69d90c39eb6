{{ cookiecutter | library_file('src/{package}/features.py') -}}
