"""What is tagged is what pyproject.toml and CHANGELOG.md say."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TEMPLATE

PROGRAM = TEMPLATE / "tools" / "release_notes.py"
NAMES = runpy.run_path(str(PROGRAM))
TOLD, problems, section = NAMES["TOLD"], NAMES["problems"], NAMES["section"]
PROJECT = '[project]\nversion = "2.1.0"\n'
CHANGELOG = """# Changelog

## [Unreleased]

## [2.1.0] - 2027-01-02

**Changes results:** train.
**Changes files:** none.

### Added

- Something.

## [2.0.0]

- The first.
"""


def test_a_version_that_can_be_released() -> None:
    assert problems("v2.1.0", PROJECT, CHANGELOG) == []
    day, notes = section(CHANGELOG, "2.1.0")
    assert day == "2027-01-02"
    assert notes.startswith(TOLD[0])
    assert notes.endswith("- Something.")


@pytest.mark.parametrize(
    ("tag", "project", "changelog", "expected"),
    [
        ("v2.0.0", PROJECT, CHANGELOG, "has version 2.1.0, and the tag is v2.0.0"),
        ("2.1.0", PROJECT, CHANGELOG, "and the tag is 2.1.0"),
        ("v2.1.0", PROJECT, CHANGELOG.replace("[2.1.0]", "[2.1.1]"), "has no section 2.1.0"),
        ("v2.1.0", PROJECT, CHANGELOG.replace(" - 2027-01-02", ""), "has no date"),
        ("v2.1.0", PROJECT, CHANGELOG.replace(TOLD[0], ""), "does not say '**Changes results:**'"),
        ("v2.1.0", PROJECT, CHANGELOG.replace(TOLD[1], ""), "does not say '**Changes files:**'"),
        (
            "v2.1.0",
            PROJECT + 'classifiers = ["Private :: Do Not Upload"]\n',
            CHANGELOG,
            "which the index refuses",
        ),
    ],
)
def test_one_that_cannot(tag: str, project: str, changelog: str, expected: str) -> None:
    [found] = problems(tag, project, changelog)
    assert expected in found


def test_the_next_version_says_what_it_changes() -> None:
    changelog = (TEMPLATE / "CHANGELOG.md").read_text(encoding="utf-8")
    _, notes = section(changelog, "Unreleased")
    assert [told for told in TOLD if told not in notes] == []


def test_the_program_refuses_and_writes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "notes.md"
    program = [sys.executable, str(PROGRAM), "v0.0.1", "--output", str(output)]
    done = subprocess.run(program, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert "error: pyproject.toml has version" in done.stderr
    assert not output.exists()
