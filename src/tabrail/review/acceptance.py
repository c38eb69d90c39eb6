"""What people have accepted deliberately: lines in the messages of a change's commits.

They are a record that Git keeps, they have an author, and they end with the change.
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
    """Return what the commits after another one accept.

    Args:
        base: the commit that the change starts from.
        known: the names of the checks.

    Results that have changed since have not been accepted.

    Returns:
        The acceptances by check, and what is wrong with lines that were meant as one.
    """
    shown = "--format=%h%x00%an%x00%B"
    log = git.git("log", "--reverse", "--no-show-signature", "-z", shown, f"{base}..HEAD")
    found: dict[str, Acceptance] = {}
    wrong: list[str] = []
    fields = iter(log.split("\0"))  # no message can hold that
    for commit, author, message in zip(fields, fields, fields, strict=False):
        for check, reason in LINE.findall(message):
            if check not in known:
                wrong.append(
                    f"commit {commit} accepts {check!r}, which is no check{nearest(check, known)}"
                )
            elif reason.strip() in {"", PLACEHOLDER}:
                wrong.append(f"commit {commit} accepts {check} without saying why")
            elif not git.succeeds("diff", "--quiet", commit, "HEAD", "--", str(paths.EVALUATION)):
                wrong.append(
                    f"commit {commit} accepts {check}, but the results are others since; accept "
                    "them in a new commit"
                )
            else:
                found[check] = Acceptance(check, reason.strip(), author, commit)
    return found, wrong
