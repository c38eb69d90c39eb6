"""Which results of each stage this version of the library computes.

A number goes up when the same data and parameters give other bytes than before. A project repeats
the numbers in pyproject.toml under `tool.tabrail.results`. Its dvc.yaml lists them as parameters,
so DVC reruns a stage only after an upgrade that changes its results.
"""

RESULTS = {"prepare": 2, "train": 2, "evaluate": 3}
