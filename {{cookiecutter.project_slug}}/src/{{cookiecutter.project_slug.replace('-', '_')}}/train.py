{{ cookiecutter | library_file('src/{package}/train.py') -}}
