{{ cookiecutter | library_file('src/' ~ cookiecutter.__package ~ '/features.py') -}}
