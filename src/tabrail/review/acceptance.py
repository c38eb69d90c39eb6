"""Find the failures that people have accepted in the commit messages of a change.

Git keeps the acceptance and its author. It ends with the change.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

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


class Found(NamedTuple):
    """What the commits of a change accept.

    Attributes:
        valid: the acceptances, by check.
        wrong: an error message for each invalid line.
        outdated: by check, a message about an acceptance of other results. It matters only if the
            check fails: after a revert, nothing needs to be accepted.
    """

    valid: dict[str, Acceptance]
    wrong: list[str]
    outdated: dict[str, str]


def since(base: str, known: Collection[str]) -> Found:
    """Return which failed checks the commits of a change accept.

    An acceptance is valid only for the results of its commit.

    Args:
        base: the commit that the change starts from.
        known: the names of the checks.
    """
    shown = "--format=%h%x00%an%x00%B"
    log = git.git("log", "--reverse", "--no-show-signature", "-z", shown, f"{base}..HEAD")
    found: dict[str, Acceptance] = {}
    wrong: list[str] = []
    outdated: dict[str, str] = {}
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
                outdated[check] = (
                    f"commit {commit} accepts a failure of {check}, but for other results: "
                    f"{paths.EVALUATION} has changed since then. If today's failure is acceptable, "
                    "too, accept it in a new commit"
                )
            else:
                found[check] = Acceptance(check, reason.strip(), author, commit)
    return Found(found, wrong, {name: outdated[name] for name in outdated.keys() - found.keys()})
