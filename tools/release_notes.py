"""Check that a tag can be released, and write its notes from CHANGELOG.md.

    .venv/bin/python tools/release_notes.py v2.0.0 --output notes.md

The tag, pyproject.toml and CHANGELOG.md must name the same version. Its section must have a date,
what changes results, and what changes files of projects. Exit code 1: a check failed.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent.parent
HEADING = re.compile(
    r"^## \[?(?P<version>[^\]\s]+)\]?(?: - (?P<day>\d{4}-\d\d-\d\d))?$", re.MULTILINE
)
TOLD = ("**Changes results:**", "**Changes files:**")
PRIVATE = "Private :: Do Not Upload"


def problems(tag: str, project: str, changelog: str) -> list[str]:
    """Return why a tag cannot be released; empty if it can.

    Args:
        tag: such as v2.0.0.
        project: the text of pyproject.toml.
        changelog: the text of CHANGELOG.md.
    """
    content = tomllib.loads(project)["project"]
    version = content["version"]
    found = []
    if tag != f"v{version}":
        found.append(
            f"pyproject.toml has version {version}, and the tag is {tag}; they must be the same"
        )
    if PRIVATE in content.get("classifiers", []):
        found.append(
            f"pyproject.toml has the classifier {PRIVATE!r}, which the index refuses; delete it "
            "once the name is registered there"
        )
    day, notes = section(changelog, version)
    if not notes:
        return [*found, f"CHANGELOG.md has no section {version}; expected ## [{version}] - DATE"]
    if not day:
        found.append(
            f"the section {version} of CHANGELOG.md has no date; write it after the version"
        )
    found += [
        f"the section {version} of CHANGELOG.md does not say {told!r}; write it, with none if so"
        for told in TOLD
        if told not in notes
    ]
    return found


def section(changelog: str, version: str) -> tuple[str, str]:
    """Return the date and the text of a version's section; blank if there is none."""
    headings = list(HEADING.finditer(changelog))
    for place, heading in enumerate(headings):
        if heading["version"] == version:
            end = headings[place + 1].start() if place + 1 < len(headings) else len(changelog)
            return heading["day"] or "", changelog[heading.end() : end].strip()
    return "", ""


def main() -> None:
    """Check, and write the notes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="such as v2.0.0")
    parser.add_argument("--output", type=Path, required=True, help="the file for the notes")
    given = parser.parse_args()
    texts = [
        (HERE / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CHANGELOG.md")
    ]
    if found := problems(given.tag, *texts):
        sys.exit("\n".join(f"error: {one}" for one in found))
    _, notes = section(texts[1], given.tag.removeprefix("v"))
    given.output.write_text(f"{notes}\n", encoding="utf-8")
    print(f"{given.tag} can be released; notes: {given.output}")


if __name__ == "__main__":
    main()
