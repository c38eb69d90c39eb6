"""Find the failures that people have accepted in the commit messages of a change.

Git keeps the acceptance and its author. It ends with the change.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from tabrail import paths
from tabrail.errors import nearest
from tabrail.project import git

KEYWORD = "Accept-Gate"
LINE = re.compile(rf"^\W*{KEYWORD}\s*:\s*([\w-]+)(?:\s*:)?(.*)$", re.MULTILINE | re.IGNORECASE)
PLACEHOLDER = "<reason>"
HOW = (
    "git commit --allow-empty "
    f'--message "Accept it" --message "{KEYWORD}: {{check}}: {PLACEHOLDER}"'
)


@dataclass(frozen=True)
class Acceptance:
    """Who accepted which check's failure, and why."""

    check: str
    reason: str
    author: str
    commit: str


def since(base: str, known: Collection[str]) -> tuple[dict[str, Acceptance], list[str]]:
    """Return which failed checks the commits of a change accept.

    An acceptance is valid only for the results of its commit.

    Args:
        base: the commit that the change starts from.
        known: the names of the checks.

    Returns:
        The acceptances by check, and an error message for each invalid line.
    """
    shown = "--format=%h%x00%an%x00%B"
    log = git.git("log", "--reverse", "--no-show-signature", "-z", shown, f"{base}..HEAD")
    found: dict[str, Acceptance] = {}
    wrong: list[str] = []
    fields = iter(log.split("\0"))  # no message can have a NUL
    for commit, author, message in zip(fields, fields, fields, strict=False):
        for check, reason in LINE.findall(message):
            if check not in known:
                wrong.append(
                    f"commit {commit} accepts {check!r}, which is not a check"
                    f"{nearest(check, known)}"
                )
            elif reason.strip() in {"", PLACEHOLDER}:
                wrong.append(f"commit {commit} accepts {check} without a reason")
            elif not git.succeeds("diff", "--quiet", commit, "HEAD", "--", str(paths.EVALUATION)):
                wrong.append(
                    f"commit {commit} accepts {check}, but the results have changed since then; "
                    "accept them in a new commit"
                )
            else:
                found[check] = Acceptance(check, reason.strip(), author, commit)
    return found, wrong
