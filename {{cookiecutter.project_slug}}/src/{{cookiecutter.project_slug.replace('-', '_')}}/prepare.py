{{ cookiecutter | library_file('src/{package}/prepare.py') -}}
