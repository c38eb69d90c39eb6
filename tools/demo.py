"""Generate a project, change a parameter on a branch, and compare it with main.

    make demo        or: .venv/bin/python tools/demo.py FOLDER

Everything is real. The program reads its last lines from the reports of the two runs.
"""

import re
import subprocess
import sys
from pathlib import Path

from generated_project import TEMPLATE, Folder, OtherwiseError, play, say

BRANCH = "larger-leaves"
OLD = "      max_leaf_nodes: 15\n"
NEW = "      min_samples_leaf: 200\n"
HEAD_LINES = 5  # of a report: its verdict
METRIC_ROW = r"^\| {} on {} \| (\S+) .*? \| (\S+) .*? \| (.+?) \|$"


def demonstrate(folder: Path) -> None:
    """Generate the project in an empty folder, and try a change.

    Raises:
        OtherwiseError: a command failed, or the result is no improvement.
    """
    _generate(folder)
    project = Folder(folder / "flight-delays")
    say(f"A branch, and one more line in params.yaml: {NEW.strip()}")
    project.run("git", "switch", "--create", BRANCH)
    change(project.path / "params.yaml")
    project.run("git", "diff", "--unified=1")
    project.uv("dvc", "repro")
    project.run("git", "commit", "--quiet", "--all", "--message", "Learn from larger leaves")
    say("What reviewers of a pull request read first:")
    verdict = Folder(project.path, shown=HEAD_LINES)
    report = verdict.uv("tabrail", "report", "--base", "main")
    project.run("git", "switch", "main")
    project.uv("dvc", "checkout", "--quiet")
    project.uv("dvc", "params", "diff", "main", BRANCH)
    print(f"\n{closing(report, folder)}", flush=True)


def change(params: Path) -> None:
    """Make the change in params.yaml.

    Raises:
        OtherwiseError: the file is not as the change expects it.
    """
    text = params.read_text(encoding="utf-8")
    if text.count(OLD) != 1:
        raise OtherwiseError(f"{params} was to have one line {OLD.strip()!r}")
    params.write_text(text.replace(OLD, OLD + NEW), encoding="utf-8")


def closing(report: str, folder: Path) -> str:
    """Return what was seen, and where to go next.

    Args:
        report: what `tabrail report` printed.
        folder: where the project's folder is.

    Raises:
        OtherwiseError: the report has no improvement of the main metric.
    """
    before, after, gain = _scores(report, "validation")
    test_before, test_after, test_gain = _scores(report, "test")
    if "better" not in gain:
        raise OtherwiseError(f"the change was to improve validation, and the report says: {gain}")
    project = folder / "flight-delays"
    return f"""What you have seen:

  - A project was made that has run once. One line was changed, and DVC trained and evaluated
    again. The data was not prepared again, because nothing that it depends on has changed.
  - roc_auc on validation: {before} → {after}, {gain}.
    The brackets are the 95% interval of the difference.
  - It is the best of about ten changes that were tried, so validation flatters it. The test rows,
    by which nobody chose, say {test_before} → {test_after}, {test_gain}.

Where to go next:

    export PATH="{Path(sys.executable).parent}:$PATH"    # so that your shell finds uv
    cd {project}
    uv run tabrail serve                # a page on http://127.0.0.1:8000 explains predictions
    uv run dvc plots diff main {BRANCH}

  README.md there teaches DVC in five minutes. docs/ here is the manual. `make lifecycle` plays
  the rest of a model's life. docs/generate.md says how to make a project of your own table.
"""


def _generate(folder: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input"),
            *("--output-dir", str(folder), "author_name=Demo Author"),
        ],
        check=False,
    )
    if done.returncode:
        raise OtherwiseError(f"cookiecutter ended with exit code {done.returncode}")


def _scores(report: str, split: str) -> tuple[str, str, str]:
    """Return the main metric before, after, and the difference, as in a report."""
    found = re.search(METRIC_ROW.format("roc_auc", split), report, re.MULTILINE)
    if not found:
        raise OtherwiseError(f"the report has no roc_auc on {split}:\n{report}")
    return found[1], found[2], found[3]


if __name__ == "__main__":
    play(__doc__, demonstrate)
