"""The section `gate` of params.yaml: the checks that a change must pass to be merged."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from tabrail.config.section import Section

MAIN_METRIC = "main_metric"
Measure = Literal["main_metric", "recall", "precision", "flagged"]


class GateCheck(Section):
    """Whether a check of the gate can fail a change, is only reported, or is disabled."""

    check: Literal["enabled", "dry_run", "disabled"] = "enabled"


class MaxLoss(GateCheck):
    """The largest loss that is allowed, in the unit of the main metric."""

    max_loss: Annotated[float, Field(ge=0)] | None = None


class Goal(GateCheck):
    """The goal of docs/plan.md: the required value of a metric on the validation rows.

    The default is the main metric. `at_most` is for a metric for which lower is better.
    """

    metric: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is a required value."""
        return self.at_least is not None or self.at_most is not None


class Drift(GateCheck):
    """The largest population stability index of a column."""

    psi: Annotated[float, Field(gt=0)] = 0.2


class Size(GateCheck):
    """The largest model file, in millions of bytes."""

    megabytes: Annotated[float, Field(gt=0)] = 100


class Latency(GateCheck):
    """The longest time that the prediction for one row may take; the launch checklist checks it."""

    milliseconds: Annotated[float, Field(gt=0)] = 200


class MaxGap(GateCheck):
    """The largest gap between the slices of a column, and the measures that it applies to."""

    limit: Annotated[float, Field(ge=0)] | None = None
    of: list[Measure] = Field(default=["main_metric", "recall", "precision", "flagged"])


def _as_gap(given: Any) -> Any:
    """Return a section for a bare number, which is the limit, or for a blank."""
    return {"limit": given} if given is None or isinstance(given, (int, float)) else given


FORMER = {  # in projects of tabrail 2.0.0rc1
    ("baseline", "margin"): "delete it: the interval of the lead has to be above 0",
    ("main_metric", "tolerance"): "delete it, or write max_loss, in the metric's own unit",
    ("slices", "tolerance"): "delete it, or write max_loss, in the metric's own unit",
}


class Gate(Section):
    """The checks that a change must pass to be merged."""

    goal: Goal = Goal()
    baseline: GateCheck = GateCheck()
    main_metric: MaxLoss = MaxLoss()
    slices: MaxLoss = MaxLoss()
    max_gap: Annotated[MaxGap, BeforeValidator(_as_gap)] = MaxGap()
    rows: GateCheck = GateCheck()
    # pydantic has a method of that name
    schema_: Annotated[GateCheck, Field(alias="schema")] = GateCheck()
    drift: Drift = Drift()
    model_size: Size = Size()
    prediction_time: Latency = Latency()

    @model_validator(mode="before")
    @classmethod
    def _without_former_keys(cls, content: Any) -> Any:
        """Leave out the keys that `former` names, so that old projects still work."""
        if not isinstance(content, dict):
            return content
        return {
            name: {key: value for key, value in section.items() if (name, key) not in FORMER}
            if isinstance(section, dict)
            else section
            for name, section in content.items()
        }

    @staticmethod
    def former(content: Any) -> dict[str, str]:
        """Return the keys that no longer have a meaning, and what to do instead.

        Args:
            content: the section in params.yaml.
        """
        sections = content if isinstance(content, dict) else {}
        return {
            f"{name}.{key}": instead
            for (name, key), instead in FORMER.items()
            if isinstance(sections.get(name), dict) and key in sections[name]
        }

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the gate's checks as params.yaml has them.

        Only the launch checklist checks `prediction_time`, which depends on the machine.
        """
        names = [field.alias or name for name, field in cls.model_fields.items()]
        return [name for name in names if name != "prediction_time"]

    def check(self, name: str) -> str:
        """Return the setting of a check, by its name in params.yaml; `blank` if it has no limit."""
        found: GateCheck = getattr(self, "schema_" if name == "schema" else name)
        is_blank = isinstance(found, MaxGap) and found.limit is None
        return "blank" if is_blank and found.check != "disabled" else found.check
