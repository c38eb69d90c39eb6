"""The section `gate` of params.yaml: what a change must hold to be merged."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from tabrail.config.section import Section

MAIN_METRIC = "main_metric"
Measure = Literal["main_metric", "recall", "precision", "flagged"]


class GateCheck(Section):
    """Whether a check of the gate can fail a change, is only reported, or is not made."""

    check: Literal["enabled", "dry_run", "disabled"] = "enabled"


class MaxLoss(GateCheck):
    """The largest loss that is allowed, in the unit of the main metric."""

    max_loss: Annotated[float, Field(ge=0)] | None = None


class Goal(GateCheck):
    """The success number of docs/plan.md: what a metric has to be on the validation rows.

    Without a metric it is the main one. `at_most` is for a metric that is better when it is lower.
    """

    metric: str = ""
    at_least: float | None = None
    at_most: float | None = None


class Drift(GateCheck):
    """The largest population stability index of a column."""

    psi: Annotated[float, Field(gt=0)] = 0.2


class Size(GateCheck):
    """The largest model file, in millions of bytes."""

    megabytes: Annotated[float, Field(gt=0)] = 100


class Latency(GateCheck):
    """The longest that the prediction for one row may take, which the launch checklist asks."""

    milliseconds: Annotated[float, Field(gt=0)] = 200


class MaxGap(GateCheck):
    """The largest gap between the slices of a column, and which measures it is for."""

    limit: Annotated[float, Field(ge=0)] | None = None
    of: list[Measure] = Field(default=["main_metric", "recall", "precision", "flagged"])


def _as_gap(given: Any) -> Any:
    """Return a section for a number alone, which is the limit, and for a blank."""
    return {"limit": given} if given is None or isinstance(given, (int, float)) else given


FORMER = {  # in projects of tabrail 2.0.0rc1
    ("baseline", "margin"): "delete it: the interval of the lead has to be above 0",
    ("main_metric", "tolerance"): "delete it, or write max_loss, in the metric's own unit",
    ("slices", "tolerance"): "delete it, or write max_loss, in the metric's own unit",
}


class Gate(Section):
    """What a change must hold to be merged."""

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
        """Leave out what `former` names: it must not keep a project from being scored."""
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
            content: of the section in params.yaml.
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

        The launch checklist alone asks for `prediction_time`, since it depends on the machine.
        """
        names = [field.alias or name for name, field in cls.model_fields.items()]
        return [name for name in names if name != "prediction_time"]

    def check(self, name: str) -> str:
        """Return whether a check is enabled, by its name in params.yaml; or `blank`, no limit."""
        found: GateCheck = getattr(self, "schema_" if name == "schema" else name)
        is_blank = isinstance(found, MaxGap) and found.limit is None
        return "blank" if is_blank and found.check != "disabled" else found.check
