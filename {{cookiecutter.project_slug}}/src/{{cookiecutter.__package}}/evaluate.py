{{ cookiecutter | library_file('src/' ~ cookiecutter.__package ~ '/evaluate.py') -}}
