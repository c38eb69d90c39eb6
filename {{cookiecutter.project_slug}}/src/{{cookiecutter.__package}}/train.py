{{ cookiecutter | library_file('src/' ~ cookiecutter.__package ~ '/train.py') -}}
