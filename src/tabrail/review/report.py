"""Report a change to the model: its results and what they depend on, compared with the base."""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from tabrail.config import Gate, load_params
from tabrail.project import git
from tabrail.review import acceptance, gate, text
from tabrail.review.base import Base, find
from tabrail.review.check import Check
from tabrail.review.differences import Differences, between
from tabrail.review.snapshot import Snapshot, read


@dataclass(frozen=True)
class Report:
    """A change, how it differs from its base, and whether it passes the gate.

    Attributes:
        base: the commit that the change is compared with, if there is one.
        before: what that commit has.
        now: what the working tree has.
        found: what differs.
        gate: the gate's verdicts; none without a base.
    """

    base: Base | None
    before: Snapshot
    now: Snapshot
    found: Differences
    gate: list[Check]

    def markdown(self, plots_url: str = "") -> str:
        """Return the report for people, with a link to the page of `dvc plots diff`, if any."""
        return text.render(self.base, self.before, self.now, self.found, self.gate, plots_url)

    def content(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "base": asdict(self.base) if self.base else None,
            "head": {"commit": git.commit("HEAD"), "uncommitted": bool(git.changed_files())},
            "main_metric": self.now.evaluation.get("main_metric"),
            "changed": self.found.any,
            **asdict(self.found),
            "gate": [asdict(check) for check in self.gate],
        }


def report(given: str | None) -> Report:
    """Compare the working tree with the commit that it started from, and check the gate.

    Args:
        given: the revision to compare with; `origin/main`, if none is given and there is one.

    Raises:
        InputError: there is no such commit here, or a file cannot be read.
    """
    base, now = find(given), read()
    before = read(base.commit) if base else Snapshot()
    verdicts = _gate(base, before, now) if base else []
    return Report(base, before, now, between(before, now), verdicts)


def _gate(base: Base, before: Snapshot, now: Snapshot) -> list[Check]:
    accepted, wrong = acceptance.since(base.commit, Gate.names())
    bar = _gate_of(before)
    # The limits are those of the base: a change cannot lower the bar that it has to clear.
    own = load_params().gate
    verdicts = gate.checks(before, now, bar or own, accepted)
    verdicts += [Check("acceptance", "skipped", sentence) for sentence in wrong]
    if bar and bar != own:
        detail = "the section in params.yaml has changed, which takes effect with the next change"
        verdicts.append(Check("gate", "skipped", detail))
    verdicts += [
        Check("gate", "skipped", f"gate.{key} in params.yaml is no longer known; {instead}")
        for key, instead in Gate.former(now.params.get("gate")).items()
    ]
    return verdicts


def _gate_of(run: Snapshot) -> Gate | None:
    """Return the gate of a run, with the defaults of what it leaves out; None without params."""
    if not run.params:
        return None
    try:
        return Gate.model_validate(run.params.get("gate", {}))
    except ValidationError:  # of a form that this library does not know
        return None
