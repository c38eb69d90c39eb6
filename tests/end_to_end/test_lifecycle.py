"""The whole life of a model, on the months that it has not seen."""

import re
import subprocess
from pathlib import Path

import pytest
from support.projects import user_environment


@pytest.mark.slow
@pytest.mark.ci("it takes three minutes")
def test_the_story_is_told_to_its_end(copy: Path) -> None:
    command = ["make", "--old-file=.venv/installed", "lifecycle"]  # with these tests' environment
    done = subprocess.run(
        command,
        cwd=copy,
        env=user_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    chapters = re.findall(r"^== (\w+)", done.stdout, flags=re.MULTILINE)
    told = ["A", "Release", "Serve", "September", "Watch", "What", "Retrain", "Release"]
    assert chapters == [*told, "Try", "Promote", "Roll", "The"]
    # What was found on the way, each by its own command.
    assert "All is well in 3,000 rows" in done.stdout
    assert len(re.findall(r"ALERT (pressure|dewp|humid) moved away", done.stdout)) >= 4
    assert "FAILED    schema" in done.stdout
    assert "accepted  schema" in done.stdout
    assert "<!-- model report -->" in done.stdout
    assert "<!-- model comparison -->" in done.stdout
    assert re.findall(r"^    model  (.*)$", done.stdout, flags=re.MULTILINE) == [
        "model@v0.1.0",
        "model@v0.1.0",  # beside its challenger
        "model@v0.2.0",
        "model@v0.1.0",  # after the rollback
    ]
    pages = {page.name for page in (copy / "lifecycle").glob("*.html")}
    assert {"september.html", "december.html", "december-outcomes.html"} <= pages
    again = subprocess.run(command, cwd=copy, env=user_environment(), capture_output=True)
    assert again.returncode == 2
    assert b"is there already" in again.stderr
