"""The page about clusters, word for word: a scheduler and a worker of a project's own packages."""

import json
from pathlib import Path

import pytest
from end_to_end.copies import copied
from end_to_end.reader import Reader, page
from support.projects import Project, ran

pytestmark = [pytest.mark.ci("it installs Dask in a project"), pytest.mark.slow]


def test_the_page_on_clusters(finished: Project, tmp_path: Path) -> None:
    project = copied(finished, tmp_path)
    with Reader(project) as reader:
        reader.read(page("cluster.md"))
    first, second = (said for command, said in reader.printed.items() if "dvc repro" in command)
    assert ran(first)[0] == "prepare"
    assert "cluster tcp://127.0.0.1:" in first
    assert "up to date" in reader.printed["uv run dvc status"]
    assert "cluster tls://127.0.0.1:" in second
    there = project.read("dvc.lock")
    project.uv("dvc", "repro", "--force")  # without a cluster
    assert project.read("dvc.lock") == there
    assert (project.path.parent / "scores.csv").read_text("utf-8").count("\n") > 1000
    assert "dask" in json.loads(project.read(".tabrail.json"))["parts"]
