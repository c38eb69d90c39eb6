{{ cookiecutter | library_file('src/{package}/evaluate.py') -}}
