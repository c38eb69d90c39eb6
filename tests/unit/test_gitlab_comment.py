"""The comments on GitLab's merge requests take text from there, and nothing that acts."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.gitlab_stub import ME, TOKEN, gitlab

import tabrail

SCRIPT = Path(tabrail.__file__).parent / "templates" / "project" / "gitlab" / "comment.py"
MARKER = "<!-- model report -->"
REPORT = f"{MARKER}\n\n## ✅ Nothing changed\n\n<details>\n</details>\nhttps://x/y\n"


def comment(api: str) -> str:
    """Run the script; return what it prints."""
    given = {"CI_API_V4_URL": api, "CI_PROJECT_ID": "1217", "REPORT_TOKEN": TOKEN}
    command = [sys.executable, str(SCRIPT)]
    environment = {**os.environ, **given}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_report_is_one_comment_that_is_edited() -> None:
    others = [
        {"id": 2, "author": ME, "body": "Welcome!"},
        {"id": 1, "author": {"id": 6}, "body": f"{MARKER}\nHa"},
    ]
    notes: list[dict[str, Any]] = [dict(note) for note in others]
    with gitlab(notes, report=REPORT.encode()) as api:
        assert comment(api) == "!7: its report is written\n"
    mine = {"id": 3, "author": ME, "body": REPORT}
    assert notes == [mine, *others]
    notes.reverse()  # it is not the first one any more
    for text in (REPORT, f"{MARKER}\nAnother one"):
        with gitlab(notes, report=text.encode()) as api:
            comment(api)
        assert notes == [*reversed(others), mine | {"body": text}]


@pytest.mark.parametrize(
    ("report", "pipeline_of"),
    [(None, 1217), (b"no report of ours", 1217), (REPORT.encode(), 9)],
    ids=["none", "another text", "of a fork"],
)
def test_what_is_no_report_is_no_comment(report: bytes | None, pipeline_of: int) -> None:
    notes: list[dict[str, Any]] = []
    with gitlab(notes, report=report, pipeline_of=pipeline_of) as api:
        assert comment(api) == "!7: there is no report\n"
    assert notes == []


@pytest.mark.parametrize(
    "line", ["/approve", "  /merge", "\t/label ~x", "a\r/close", "/assign @eve", "\r\n/unassign"]
)
def test_no_line_of_a_report_is_a_command(line: str) -> None:
    notes: list[dict[str, Any]] = []
    with gitlab(notes, report=f"{REPORT}\n{line}\n@everyone".encode()) as api:
        comment(api)
    ((body),) = (note["body"] for note in notes)
    assert not re.search(r"^\s*/", body, re.MULTILINE)
    assert not re.search(r"@\w", body)
    assert "</details>" in body
    assert "https://x/y" in body


def test_a_report_without_end_is_cut() -> None:
    notes: list[dict[str, Any]] = []
    with gitlab(notes, report=REPORT.encode() + b"\xff" * 5_000_000) as api:
        comment(api)
    assert len(notes[0]["body"]) == 300_000
