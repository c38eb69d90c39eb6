{{ cookiecutter | library_file('tests/test_project.py') -}}
