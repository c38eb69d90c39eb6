"""Take the tables of twelve use cases through the whole life of a model, like a user.

    .venv/bin/python tools/use_cases.py FOLDER
    .venv/bin/python tools/use_cases.py FOLDER --only churn --only spam

Each table is made from a fixed seed, with what such tables have in reality: identifiers, personal
columns, columns that are known only afterwards, mixed spellings, missing values. A project is
generated from it with the fewest answers. What the summary asks is answered, an experiment is
run, the pages of docs/ are written, the launch checklist is passed, a version is registered and
served, and `monitor` checks two months: one like those of the table, and a different one.

The expectations are written beside each table in tools/use_case_tables: what must be understood,
warned of, refused and noticed. At the end, a Markdown table shows the results. It is also written
to FOLDER as results.md, with a transcript of each use case, such as churn.txt. If an expectation
fails, the program names it and ends with exit code 1. One use case takes two minutes.
"""

import argparse
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from generated_project import OtherwiseError
from use_case_life import HEADERS, Life
from use_case_tables import CASES


def main() -> int:
    """Play the use cases, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="must not be there yet")
    parser.add_argument(
        "--only",
        action="append",
        choices=CASES,
        metavar="NAME",
        help=f"play this use case alone; may be repeated: {', '.join(CASES)}",
    )
    given = parser.parse_args()
    folder = given.folder.resolve()
    if folder.exists():
        parser.error(f"{given.folder} already exists; to start again: rm -r {given.folder}")
    folder.mkdir(parents=True)
    lives = [_played(name, folder) for name in given.only or CASES]
    lines = [HEADERS, "|".join(["", *[" --- "] * HEADERS.count(" | "), " --- ", ""])]
    text = "\n".join([*lines, *(life.row() for life in lives)]) + "\n"
    (folder / "results.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")
    wrong = [f"{life.case.name}: {sentence}" for life in lives for sentence in life.wrong]
    for sentence in wrong:
        print(f"error: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


def _played(name: str, folder: Path) -> Life:
    """Play a use case, with its transcript in a file and its progress on the terminal."""
    own = folder / name
    own.mkdir()
    life = Life(CASES[name], own)
    began = time.monotonic()
    with (folder / f"{name}.txt").open("w", encoding="utf-8") as transcript:
        for step in life.steps:
            print(f"{name}: {step.__name__} ({time.monotonic() - began:.0f} s)", file=sys.stderr)
            try:
                with redirect_stdout(transcript):
                    print(f"\n\n== {step.__name__} ==\n")
                    step()
            except OtherwiseError as error:
                life.wrong.append(f"{step.__name__}: {error}")
                break
    print(f"{name}: done ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    return life


if __name__ == "__main__":
    sys.exit(main())
