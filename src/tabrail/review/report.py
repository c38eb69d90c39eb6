"""Report a change to the model: its results and their inputs, compared with the base."""

from dataclasses import asdict, dataclass, replace
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
        before: the results of that commit.
        now: the results in the working tree.
        found: the differences.
        gate: the gate's verdicts; none without a base.
    """

    base: Base | None
    before: Snapshot
    now: Snapshot
    found: Differences
    gate: list[Check]

    def markdown(self, plots_url: str = "") -> str:
        """Return the report as Markdown, with a link to the page of `dvc plots diff`, if any."""
        return text.render(self.base, self.before, self.now, self.found, self.gate, plots_url)

    def content(self) -> dict[str, Any]:
        """Return the report's content for JSON."""
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
        given: the revision to compare with. The default is `origin/main`, if it exists.

    Raises:
        InputError: there is no such commit here, or a file cannot be read.
    """
    base, now = find(given), read()
    before = read(base.commit) if base else Snapshot()
    verdicts = _gate(base, before, now) if base else []
    return Report(base, before, now, between(before, now), verdicts)


def _gate(base: Base, before: Snapshot, now: Snapshot) -> list[Check]:
    accepted, wrong, outdated = acceptance.since(base.commit, Gate.names())
    bar = _gate_of(before)
    # The limits are those of the base: a change cannot relax its own limits.
    own = load_params().gate
    verdicts = gate.checks(before, now, bar or own, accepted)
    wrong += [
        outdated[one.name] for one in verdicts if one.verdict == "FAILED" and one.name in outdated
    ]
    if bar and own.goal.is_set and not bar.goal.is_set:
        verdicts = [_later(one) if one.name == "goal" else one for one in verdicts]
    verdicts += [Check("acceptance", "skipped", sentence) for sentence in wrong]
    if bar and bar != own:
        detail = "the section in params.yaml has changed; the next change is checked with it"
        verdicts.append(Check("gate", "skipped", detail))
    verdicts += [
        Check("gate", "skipped", f"gate.{key} in params.yaml is no longer known; {instead}")
        for key, instead in Gate.former(now.params.get("gate")).items()
    ]
    return verdicts


def _later(goal: Check) -> Check:
    """Return the check of a success number that the base does not have."""
    why = "this change sets the first success number; it is checked from the next change on"
    return replace(goal, detail=why)


def _gate_of(run: Snapshot) -> Gate | None:
    """Return the gate of a run, with defaults for missing keys; None without params."""
    if not run.params:
        return None
    try:
        return Gate.model_validate(run.params.get("gate", {}))
    except ValidationError:  # this library does not know its format
        return None
