"""Rails for models on tabular data: the library behind projects made with cookiecutter-dvc."""

from tabrail import threads as threads  # before anything imports NumPy
