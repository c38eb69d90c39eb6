"""Whether the committed results are those of the committed code, without running anything."""

import re
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """The verdict on one question, with what to do when it is no."""

    name: str
    passed: bool
    detail: str


def checks() -> list[Check]:
    """Ask every question."""
    return [everything_is_committed(), pipeline_is_up_to_date()]


def everything_is_committed() -> Check:
    """Ask Git whether what a run reads and writes has changes that no commit has."""
    files = ("dvc.yaml", "dvc.lock", "params.yaml", "schema.yaml", "src", "reports", "*.dvc")
    status = _run("git", "status", "--porcelain", "--", *files)
    if status.returncode:
        return Check("commit", False, _last(status.stderr))
    if status.stdout:
        changed = ", ".join(line[3:] for line in status.stdout.splitlines())
        return Check("commit", False, f"not committed: {changed}; commit or stash it")
    return Check("commit", True, "code, parameters and results are committed")


def pipeline_is_up_to_date() -> Check:
    """Ask DVC whether `dvc repro` would run a stage. Data that is not here counts as unchanged."""
    dry = _run(sys.executable, "-m", "dvc", "repro", "--dry", "--allow-missing")
    if dry.returncode == 0 and "up to date" in dry.stdout:
        return Check("pipeline", True, "dvc.lock is that of the code, the data and the parameters")
    # Where its data is missing, DVC stops at the first stage that it would run.
    stages = re.findall(r"(?:Running stage|failed to reproduce) '(.+?)'", dry.stdout + dry.stderr)
    what = f"changed since the last run: {', '.join(stages)}" if stages else _last(dry.stderr)
    return Check("pipeline", False, f"{what}; run: uv run dvc repro")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason was given"
