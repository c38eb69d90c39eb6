"""Print the result of the set-up, and what remains to be done."""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from cookiecutter_dvc_hooks.commands import written
from cookiecutter_dvc_hooks.library import MARKDOWN
from cookiecutter_dvc_hooks.steps import Step


def way_to(project: Path) -> str:
    """Return the command that changes from the user's folder to the project."""
    # Cookiecutter changes the working directory; shells keep the user's own in PWD.
    start = Path(os.environ.get("PWD", "")).resolve()
    inside = start != project and project.is_relative_to(start)
    return written(("cd", str(project.relative_to(start) if inside else project)))


def print_remaining(todo: Iterable[Step], project: Path) -> None:
    """Print the commands of some steps, ready to be copied."""
    print("\nWhat remains to be done:\n")
    for command in (way_to(project), *(written(c) for step in todo for c in step.commands)):
        print(f"    {command}")
    print(flush=True)


def print_success(name: str, project: Path, *, own_table: bool = False) -> None:
    """Print that the project is ready, and what to try."""
    score = headline_score(project)
    print(f"\n{name} is ready: committed, run once and pushed.{score}\n")
    if own_table:
        print("Check schema.yaml: is each column known when the model predicts? If not, write")
        print("`kind: ignored` there, then: uv run dvc repro\n")
    print("Try:\n")
    print(f"    {way_to(project)}")
    print("    uv run dvc plots show       writes a page with the curves of this run")
    print("    uv run dvc repro            after a change in params.yaml: rebuilds what changed")
    print("    uv run dvc metrics diff     what the change did to the scores\n", flush=True)
    if not shutil.which("uv"):
        print(f"uv is not on your PATH; it is in {Path(sys.executable).parent}\n", flush=True)


def headline_score(project: Path) -> str:
    """Return the main score on the validation rows with its interval and the baseline's, or ""."""
    try:
        text = (project / "reports" / "evaluation.json").read_text(encoding="utf-8")
        evaluation = json.loads(text)
        name = evaluation["main_metric"]
        found = evaluation["validation"]["metrics"][name]
        metric = evaluation["metrics"][name]
        lower_is_better = metric["better"] == "lower"
        # As the evaluate stage prints it.
        shown = MARKDOWN["number" if metric["unit"] == "none" else "amount"]
        value, low, high, baseline = (
            found[key] for key in ("value", "low", "high", "baseline_value")
        )
        score = f"\nValidation {name}: {shown(value)}"
        if None in (low, high, baseline):
            return score
        guesses = high >= baseline if lower_is_better else low <= baseline
        no_better = "\nThe interval reaches the baseline: so far, the model only guesses."
        return (
            f"{score} (95% interval {shown(low)} to {shown(high)}; baseline {shown(baseline)})"
            f"{no_better if guesses else ''}"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def use_replacement_characters() -> None:
    """Let a console show ? for letters that it cannot show, instead of an error."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
