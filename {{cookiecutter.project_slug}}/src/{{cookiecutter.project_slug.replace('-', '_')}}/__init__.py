{{ cookiecutter | library_file('src/{package}/__init__.py') -}}
