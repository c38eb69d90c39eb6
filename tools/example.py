"""Render the example: the project of the sample, for the branch `example`.

    .venv/bin/python tools/example.py FOLDER                  write the branch's files
    .venv/bin/python tools/example.py FOLDER --write-listing  and renew the listing

FOLDER is a new folder, which the workflow *Release* pushes. tests/template/example.txt lists the
files of the project with their hashes. So a change of the template also shows what it changes in a
project. Exit code 1: the files of the project differ from the listing.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from generated_project import TEMPLATE, Folder, OtherwiseError

LISTING = TEMPLATE / "tests" / "template" / "example.txt"
RENEW = ".venv/bin/python tools/example.py FOLDER --write-listing"
NO_HASH = "-"
# Files that are listed without a hash, and what they depend on.
DEPENDENT = {
    ".python-version": "the machine's Python",
    "LICENSE": "the year",
    "data/*": "DVC, which writes them",
    "dvc.lock": "the results, whose hashes are in tests/pipeline/golden.json",
    "models/*": "DVC, which writes them",
    "reports/*": "the results, whose hashes are in tests/pipeline/golden.json",
    "uv.lock": "what the package index has",
    "vendor/*": "every file of the library",
}
# The page at the top of the branch. The project is in a folder beside it: GitHub's token lets no
# workflow push files into .github/workflows, and those of the example are not to be run.
PAGE = Path(__file__).with_suffix(".md")
# By default, the author would be who runs the program.
AUTHOR = {"author_name": "Ada Byron", "author_email": "ada@example.com"}


def sample_project(folder: Path) -> Folder:
    """Generate the project of the sample with the default answers, set up, in a folder.

    Raises:
        OtherwiseError: cookiecutter failed.
    """
    command = (sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input")
    answers = [f"{key}={answer}" for key, answer in AUTHOR.items()]
    Folder(folder).quietly(*command, "--output-dir", str(folder), *answers)
    return Folder(folder / "flight-delays")


def listing(project: Folder) -> str:
    """Return a line for each file that Git tracks in a project: its hash, if it is fixed, and name.

    Raises:
        OtherwiseError: the folder is no repository of Git.
    """
    lines = []
    for name in tracked(project):
        fixed = not any(fnmatchcase(name, pattern) for pattern in DEPENDENT)
        content = (project.path / name).read_bytes() if fixed else b""
        lines.append(f"{hashlib.sha256(content).hexdigest() if fixed else NO_HASH}  {name}\n")
    return "".join(lines)


def tracked(project: Folder) -> list[str]:
    """Return the names of the files that Git tracks in a project, sorted."""
    return sorted(project.quietly("git", "ls-files").splitlines())


def differences(found: str, known: str) -> list[str]:
    """Return what differs between two listings, one sentence for each file; empty if nothing does.

    Args:
        found: the listing of a project that was generated just now.
        known: the listing in this repository.
    """
    now, before = files(found), files(known)
    return [
        *(f"{name} is new" for name in sorted(now.keys() - before.keys())),
        *(f"{name} is gone" for name in sorted(before.keys() - now.keys())),
        *(f"{name} changed" for name in sorted(now.keys() & before) if now[name] != before[name]),
    ]


def files(text: str) -> dict[str, str]:
    """Return the hash of each file in a listing, by the file's name."""
    pairs = (line.split("  ", maxsplit=1) for line in text.splitlines())
    return {name: fingerprint for fingerprint, name in pairs}


def refusal(found: list[str]) -> str:
    """Return the message for differences: what was found, and what to do."""
    return "\n  ".join(
        [
            f"a generated project has other files than {LISTING.relative_to(TEMPLATE)} lists:",
            *found,
            f"If the change is wanted, renew the listing and commit it: {RENEW}",
        ]
    )


def lay_out(project: Folder, folder: Path) -> None:
    """Write the files of the branch into a new folder: the project's, and a page about them."""
    name = project.path.name
    for file in tracked(project):
        (folder / name / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project.path / file, folder / name / file)
    version = json.loads((project.path / ".tabrail.json").read_text(encoding="utf-8"))["tabrail"]
    text = PAGE.read_text(encoding="utf-8").format(name=name, version=version)
    (folder / "README.md").write_text(text, encoding="utf-8")


def main() -> None:
    """Render the example, and compare it with the listing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--write-listing", action="store_true", help=f"renew {LISTING.name}")
    given = parser.parse_args()
    if given.folder.exists():
        sys.exit(f"error: {given.folder} already exists; give a new folder")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        try:
            project = sample_project(Path(work))
            lay_out(project, given.folder)
            found = listing(project)
        except OtherwiseError as error:
            sys.exit(f"error: {error}")
    if given.write_listing:
        LISTING.write_text(found, encoding="utf-8")
    if wrong := differences(found, LISTING.read_text(encoding="utf-8")):
        sys.exit(f"error: {refusal(wrong)}")
    print(f"{given.folder}: {len(files(found))} files, as {LISTING.relative_to(TEMPLATE)} lists")


if __name__ == "__main__":
    main()
