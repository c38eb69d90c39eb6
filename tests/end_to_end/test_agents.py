"""What coding assistants read in a generated project: commands are run, places are there."""

import re
import shlex

import pytest
from end_to_end.markdown import blocks, code
from support.projects import TEMPLATE, Project, ran

from tabrail import rendering

LONGEST = 40  # lines
PAGE = "AGENTS.md"
COMMANDS = ("uv run ", "git ")  # what such a span is; another one is a name


def typed(text: str) -> list[str]:
    """Return the commands of a page: those of its blocks, then those in its sentences."""
    in_blocks = [command for block in blocks(text) for command in block.commands]
    return in_blocks + [
        span for span in code(text) if span.startswith(COMMANDS) and span not in in_blocks
    ]


@pytest.mark.slow
def test_the_loop_ends_in_a_commit_that_can_be_merged(clone: Project) -> None:
    clone.uv("pre-commit", "install", "--hook-type", "pre-commit")
    clone.run("git", "switch", "--quiet", "--create", "slower")
    clone.edit("params.yaml", "learning_rate: 0.1", "learning_rate: 0.09")
    commands = typed(clone.read(PAGE))
    assert len(commands) > 8
    printed = {command: clone.run(*shlex.split(command)) for command in commands}
    assert ran(printed["uv run dvc repro"]) == ["train", "evaluate"]
    assert "FAILED" not in printed["uv run tabrail verify"]
    assert clone.run("git", "status", "--porcelain") == ""
    changed = clone.run("git", "diff", "--name-only", "HEAD^").split()
    assert {"params.yaml", "dvc.lock", "reports/metrics.json"} <= set(changed)


def test_every_place_is_there(finished: Project) -> None:
    text = finished.read(PAGE)
    places = [
        span
        for span in code(text)
        if re.fullmatch(r"\.?[\w./]+", span) and ("." in span or (finished.path / span).is_dir())
    ]
    assert {"src/flight_delays/features.py", ".tabrail.json", "models", "vendor"} <= set(places)
    assert [name for name in places if not (finished.path / name).exists()] == []


@pytest.mark.parametrize("page", [TEMPLATE / PAGE, rendering.TEMPLATES / f"{PAGE}.jinja"])
def test_assistants_read_one_short_page(page: object) -> None:
    text = (TEMPLATE / str(page)).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
