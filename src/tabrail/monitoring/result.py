"""What was found, for people and for programs."""

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from tabrail.monitoring.alerts import Alert, Series
from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period, described


@dataclass(frozen=True)
class Result:
    """What was found.

    Attributes:
        source: the log or the tables that were looked at.
        expected: what is expected of the model.
        periods: what was looked at.
        series: what each check found.
        alerts: what is wrong and has lasted.
        notes: what may become an alert, or counts for little.
        challenger: the challenger beside the champion; see `challengers.compared`.
        least: a period with fewer rows says nothing.
        enough: whether a period has more.
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

    @property
    def verdict(self) -> str:
        """One of well, alert, and unknown if there are too few rows to tell."""
        if self.alerts:
            return "alert"
        return "well" if self.enough else "unknown"

    @property
    def code(self) -> int:
        """The exit code: 0 well, 1 alert, 2 could not tell."""
        return {"well": 0, "alert": 1, "unknown": 2}[self.verdict]

    @property
    def word(self) -> str:
        """The verdict for people; what began lately and may become an alert is not well."""
        if self.verdict == "well" and any(one.may_alert and one.last.beyond for one in self.series):
            return "No alert yet"
        return {"well": "All is well", "alert": "Alert", "unknown": "Could not tell"}[self.verdict]

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
            f"Could not tell: the fullest of {len(self.periods)} periods has {most:,} rows, and "
            f"{self.least:,} are needed (monitor.min_rows in params.yaml). "
            + (
                "Wait for more, or look at a longer time: --since 90d"
                if any(period.begin for period in self.periods)
                else "Put the rows of a longer time into one table"
            )
        )

    def content(self) -> dict[str, Any]:
        """Return all of it for JSON.

        Returns:
            `verdict`: well, alert or unknown. `model`: the version that was watched. `source`: the
            log or the tables. `periods`: of each its `name`, `rows`, `refused`, `errors`,
            `outcomes`, `outcomes_not_allowed`, `decisions` by people, how many of them are
            `decisions_as_predicted`, and `by_other_models`. `alerts` and `notes`: of each the
            `check`, what it is `about`, `what` was found, `since` which period, and the `first`
            thing to do. `checks`: of each the `check`, what it is `about`, its `limit`, whether it
            `may_alert`, and by period None or `value`, `low`, `high`, `limit`, `beyond` and
            `words`. `challenger`: None, or what `challengers.compared` returns. `remark`, which
            is there only if live performance is by another metric than the main one: a sentence.
        """
        target = self.expected.schema.target
        remark = self.expected.scoring.remark
        return {
            "verdict": self.verdict,
            "model": self.expected.version,
            "source": self.source,
            "periods": [dict(described(period, target)) for period in self.periods],
            "alerts": [asdict(alert) for alert in self.alerts],
            "notes": [asdict(note) for note in self.notes],
            "checks": [series.content() for series in self.series],
            "challenger": self.challenger,
            **({"remark": remark} if remark else {}),
        }

    def text(self) -> str:
        """Return what matters for people."""
        lines = [f"{self.headline}: {self.expected.version}, {self.source}"]
        for first, alike in groupby(self.alerts, lambda alert: alert.first):
            lines += [f"  ALERT {alert.what} Since {alert.since}." for alert in alike]
            lines.append(f"        First: {first}")
        lines += [
            f"  live  {self.expected.metric}: {one.last.words}"
            for one in self.series
            if one.check == "main_metric" and not one.last.beyond
        ]
        if remark := self.expected.scoring.remark:
            lines.append(f"  {remark}")
        lines += [f"  note  {note.what} Since {note.since}." for note in self.notes]
        if self.challenger:
            lines.append(f"  {self.challenger['sentence']}")
        if decided := sum(period.decided for period in self.periods):
            agreed = sum(period.agreed for period in self.periods)
            lines.append(f"  People decided as the model did in {agreed:,} of {decided:,} reviews")
        if strange := sum(period.strange for period in self.periods):
            lines.append(
                f"  {strange:,} outcomes that the model's schema does not allow were not looked "
                "at: it knows no such class, or numbers in other limits"
            )
        if others := sum(period.others for period in self.periods):
            lines.append(f"  {others:,} rows that other models answered were not looked at")
        return "\n".join(lines)
