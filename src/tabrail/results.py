"""Numbers that change when a stage's results do.

A project's pyproject.toml repeats them under `[tool.tabrail.results]`, where dvc.yaml reads them
as parameters. So a library that computes other results makes stages run again, and one that only
mends the server does not.
"""

RESULTS = {"prepare": 1, "train": 1, "evaluate": 1}
