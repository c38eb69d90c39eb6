{{ cookiecutter | library_file('src/' ~ cookiecutter.__package ~ '/__init__.py') -}}
