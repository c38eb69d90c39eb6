"""Which results of each stage this version of the library computes.

A number goes up when the same data and parameters give other bytes than before. A project repeats
the numbers in pyproject.toml under `tool.tabrail.results`, which its dvc.yaml lists as parameters:
so DVC reruns a stage after an upgrade that changes its results, and only then.
"""

RESULTS = {"prepare": 2, "train": 2, "evaluate": 3}
