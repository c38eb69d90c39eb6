"""The result of monitoring, as text and for JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from tabrail.data.set_aside import SetAside
from tabrail.model.limits import held_text
from tabrail.monitoring.alerts import Alert, Series
from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period, described


@dataclass(frozen=True)
class Result:
    """The result of monitoring.

    Attributes:
        source: the log or the tables.
        expected: what is expected of the model.
        periods: in the order of time.
        series: what each check found.
        alerts: effects that need a person.
        notes: effects that may become alerts, or are in columns of little importance.
        challenger: its comparison with the champion; see `challengers.compared`.
        least: the fewest rows of a period that is checked.
        enough: whether any period has enough rows.
        seen: a warning, if the model may have learned from the rows; or blank.
        aside: the lines of tables that are not rows.
    """

    source: str
    expected: Expected
    periods: list[Period]
    series: list[Series]
    alerts: list[Alert]
    notes: list[Alert]
    challenger: dict[str, Any] | None
    least: int
    enough: bool
    seen: str = ""
    aside: SetAside = field(default_factory=SetAside)

    @property
    def verdict(self) -> str:
        """One of well, alert, and unknown if there are too few rows."""
        if self.alerts:
            return "alert"
        return "well" if self.enough else "unknown"

    @property
    def code(self) -> int:
        """The exit code: 0 well, 1 alert, 2 too few rows."""
        return {"well": 0, "alert": 1, "unknown": 2}[self.verdict]

    @property
    def word(self) -> str:
        """The verdict for people; "No alert yet" if a new effect may become an alert."""
        if self.verdict == "well" and any(one.may_alert and one.last.beyond for one in self.series):
            return "No alert yet"
        return {"well": "All is well", "alert": "Alert", "unknown": "Too few rows"}[self.verdict]

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        rows = sum(period.rows for period in self.periods)
        match self.verdict:
            case "alert":
                count = len(self.alerts)
                return f"{count} alert{'s' if count > 1 else ''} in {rows:,} rows"
            case "well":
                return f"{self.word} in {rows:,} rows"
        most = max((period.rows for period in self.periods), default=0)
        return (
            f"{self.word}: the largest of {len(self.periods)} periods has {most:,} rows; at least "
            f"{self.least:,} are needed (monitor.min_rows in params.yaml). "
            + (
                "Wait for more rows, or check a longer time: --since 90d"
                if any(period.begin for period in self.periods)
                else "Put the rows of a longer time into one table"
            )
        )

    @property
    def remark(self) -> str:
        """Return a remark about the live performance as a whole, or blank."""
        return " ".join(filter(None, (self.seen, self.expected.scoring.remark)))

    def content(self) -> dict[str, Any]:
        """Return all of it for JSON.

        Returns:
            `verdict`: well, alert or unknown. `model`: its version. `source`: the
            log or the tables. `periods`: of each its `name`, `rows`, `refused`, `errors`,
            `outcomes`, `outcomes_not_allowed`, `decisions` by people, how many of them are
            `decisions_as_predicted`, `by_other_models`, and how many predictions are `held` to a
            limit of the target. `alerts` and `notes`: of each the
            `check`, what it is `about`, `what` was found, `since` which period, and the `first`
            thing to do. `checks`: of each the `check`, what it is `about`, its `limit`, whether it
            `may_alert`, and by period None or `value`, `low`, `high`, `limit`, `beyond` and
            `words`. `set_aside`: lines of tables that are no rows, by file and kind.
            `challenger`: None, or what `challengers.compared` returns. `remark`, which
            is there only if live performance is by another metric than the main one, or on rows
            from which the model may have learned: sentences.
        """
        target = self.expected.schema.target
        remark = self.remark
        return {
            "verdict": self.verdict,
            "model": self.expected.version,
            "source": self.source,
            "periods": [dict(described(period, target)) for period in self.periods],
            "alerts": [asdict(alert) for alert in self.alerts],
            "notes": [asdict(note) for note in self.notes],
            "checks": [series.content() for series in self.series],
            "set_aside": self.aside.content(),
            "challenger": self.challenger,
            **({"remark": remark} if remark else {}),
        }

    def text(self) -> str:
        """Return a summary for people."""
        lines = [f"{self.headline}: {self.expected.version}, {self.source}"]
        for alert in self.alerts:
            lines.append(f"  ALERT {alert.what} Since {alert.since}.")
            lines.append(f"        First: {alert.first}")
        lines += [
            f"  live  {self.expected.metric}: {one.last.words}"
            for one in self.series
            if one.check == "main_metric" and not one.last.beyond
        ]
        if remark := self.remark:
            lines.append(f"  {remark}")
        lines += [f"  {line}" for line in self.aside.text()]
        lines += [f"  note  {note.what} Since {note.since}." for note in self.notes]
        if self.challenger:
            lines.append(f"  {self.challenger['sentence']}")
        lines += self._reviews()
        if count := sum(period.outcomes_not_allowed for period in self.periods):
            lines.append(
                f"  {count:,} outcomes were left out, because the model's schema does not allow "
                "them: an unknown class, or a number out of range"
            )
        if count := sum(period.held for period in self.periods):
            rows = sum(period.rows for period in self.periods)
            lines.append(f"  {held_text(count, rows, self.expected.schema.target)}")
        if count := sum(period.by_other_models for period in self.periods):
            lines.append(f"  {count:,} rows were left out, because other models answered them")
        return "\n".join(lines)

    def _reviews(self) -> list[str]:
        """Return how often people agreed with the model, in all reviews and in a random sample."""
        decisions = sum(period.decisions for period in self.periods)
        if decisions and self.expected.schema.task == "regression":  # two numbers are never equal
            return [f"  People reviewed {decisions:,} predictions"]
        found = []
        if decisions:
            agreed = sum(period.decisions_as_predicted for period in self.periods)
            found.append(f"  People agreed with the model in {agreed:,} of {decisions:,} reviews")
        if drawn := sum(period.drawn_decisions for period in self.periods):
            agreed = sum(period.drawn_as_predicted for period in self.periods)
            found.append(
                f"  In the reviews drawn at random, they agreed in {agreed:,} of {drawn:,}"
            )
        return found
