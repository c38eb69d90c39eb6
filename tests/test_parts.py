"""A part that is left out as the generated README says takes nothing else with it."""

import re
import shlex

import pytest
from conftest import Project

PARTS = ("predict", "serve", "outcomes", "monitor", "export", "compare", "checklist")


def verbs(project: Project) -> set[str]:
    """Return the project's verbs, and check that all that is left fits together."""
    project.uv("ruff", "check")
    project.uv("mypy")
    project.uv("pytest", "--collect-only", "--quiet")
    shown = project.uv("flight-delays", "--help").partition("Commands:")[2]
    return set(re.findall(r"^  (\w+) ", shown, flags=re.MULTILINE))


@pytest.mark.slow
def test_each_part_can_be_left_out_and_all_of_them(clone: Project) -> None:
    text = (clone.path / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^git rm .*", text, flags=re.MULTILINE)
    whole, left_out = verbs(clone), set[str]()
    for line in lines:
        clone.run(*shlex.split(line))
        gone = whole - verbs(clone)
        assert gone
        left_out |= gone
        clone.run("git", "reset", "--quiet", "--hard")
    assert left_out == set(PARTS)
    for line in lines:
        clone.run(*shlex.split(line))
    clone.commit("Leave out all that comes after training")
    assert verbs(clone) == whole - left_out
    clone.uv("pytest", "--numprocesses", "2", "--quiet")
    clone.uv("flight-delays", "verify", "--no-remote")
