"""The pages for those who work on this repository: commands and places exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from end_to_end.markdown import blocks, code
from support.projects import TEMPLATE, user_environment

PYTEST = ".venv/bin/pytest "
PROGRAM = re.compile(r"(?:\.venv/bin/python )?((?:tools|benchmarks)/\w+\.py|plan_cluster\.py)")
TOOL = re.compile(r"\.venv/bin/([a-z-]+) ")
pages = pytest.mark.parametrize("page", ["CONTRIBUTING.md", "AGENTS.md"])


def commands(page: str) -> list[str]:
    """Return the commands of a page, in blocks and in sentences, without comments."""
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    spans = [line for block in blocks(text) if block.language == "bash" for line in block.commands]
    spans += [span for span in code(text) if " " in span and span not in spans]
    words = (shlex.split(span, comments=True) for span in spans if span.count('"') % 2 == 0)
    return [shlex.join(found) for found in words]


@pages
def test_every_target_of_make_is_there(page: str) -> None:
    calls = [command for command in commands(page) if command.startswith("make ")]
    assert len(calls) > 2
    for call in calls:
        done = subprocess.run(
            [*shlex.split(call), "--dry-run"], cwd=TEMPLATE, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr


@pages
def test_every_call_of_pytest_finds_tests(page: str) -> None:
    calls = [command for command in commands(page) if command.startswith(PYTEST)]
    assert calls
    for call in calls:
        options = ["--collect-only", *shlex.split(call.removeprefix(PYTEST))]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=TEMPLATE,
            env=user_environment(),
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr  # 5: none was found


@pages
def test_every_other_program_is_there(page: str) -> None:
    tools = Path(sys.executable).parent
    for command in commands(page):
        if (found := TOOL.search(command)) and not PROGRAM.search(command):
            assert (tools / found[1]).exists(), command
        if found := PROGRAM.search(command):
            program = found[1] if "/" in found[1] else f"tools/{found[1]}"
            assert (TEMPLATE / program).is_file(), command


@pages
def test_every_place_is_there(page: str) -> None:
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    top = {path.name for path in TEMPLATE.iterdir()} - {"src"}
    ours = re.compile(r"(src/tabrail|tests|tools|docs|benchmarks|hooks|sample)\b[\w./]*")
    places = [span for span in code(text) if ours.fullmatch(span) or span in top]
    places += [span.rstrip("/") for span in code(text) if span.startswith("{{")]
    assert len(places) > 5
    missing = [place for place in places if not (TEMPLATE / place).exists()]
    assert [place for place in missing if "{%" not in place] == []
