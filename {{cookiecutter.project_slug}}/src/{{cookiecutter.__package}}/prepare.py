{{ cookiecutter | library_file('src/' ~ cookiecutter.__package ~ '/prepare.py') -}}
