"""The data schema: the typed form of schema.yaml."""

from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tabrail import paths
from tabrail.documents import parse, read_yaml
from tabrail.errors import nearest

Task = Literal["binary", "multiclass", "regression"]
Kind = Literal["numeric", "categorical", "text", "boolean", "datetime", "identifier", "ignored"]

GROUP = "group_hash"  # the extra column of prepared tables
FEATURE_KINDS = {"numeric", "categorical", "text", "boolean", "datetime"}
Decimal = Literal[".", ","]
Thousands = Literal["", ",", ".", " ", "'"]
DURATION = "duration"  # the format of a numeric column: 1:02:03 is 3723 seconds
VERBATIM_KINDS = {"categorical", "text", "datetime", "identifier"}


class Csv(BaseModel):
    """The dialect of the CSV files."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    encoding: Literal["utf-8", "utf-16", "cp1252", "latin-1"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Decimal = "."
    thousands: Thousands = ""
    set_aside: bool = True

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


class Column(BaseModel):
    """One column: its kind and its valid values."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: Kind
    description: str = ""
    unit: str = ""
    format: str | None = None
    nullable: bool = False
    sensitive: bool = False
    protected: bool = False
    bands: list[float] | None = None
    min: float | None = None
    max: float | None = None
    categories: list[str] | None = None
    digits: int | None = Field(default=None, ge=2)
    decimal: Decimal | None = None
    thousands: Thousands | None = None

    @model_validator(mode="after")
    def _limits_fit_the_kind(self) -> Self:
        if self.kind != "numeric" and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max are for numeric columns, this one is {self.kind}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        spans = self.kind == "numeric" and self.format == DURATION
        if self.kind != "datetime" and self.format is not None and not spans:
            raise ValueError(
                f"format is for datetime columns, or for numeric ones: {DURATION}; this one is "
                f"{self.kind}"
            )
        if self.kind != "categorical" and self.categories is not None:
            raise ValueError(f"categories are for categorical columns, this one is {self.kind}")
        if self.digits is not None and self.kind not in ("categorical", "identifier"):
            raise ValueError(f"digits is for codes, which this column is not: it is {self.kind}")
        if self.bands is not None and (
            self.kind != "numeric" or not self.bands or sorted(set(self.bands)) != self.bands
        ):
            raise ValueError(
                "bands are the bounds between the slices of a numeric column, from low to high, "
                f"such as [30, 45, 60]; this column is {self.kind} with bands {self.bands}"
            )
        written = [key for key in ("decimal", "thousands") if getattr(self, key) is not None]
        if self.kind != "numeric" and written:
            raise ValueError(f"{written[0]} is for numeric columns, this one is {self.kind}")
        if len(written) > 1 and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        if self.categories == []:
            raise ValueError("categories: none is listed; leave the key out to allow any")
        if len(set(self.categories or [])) != len(self.categories or []):
            raise ValueError("categories: one is listed twice")
        return self

    @property
    def can_slice(self) -> bool:
        """Whether scores can be reported by its values or by bands of them."""
        return self.kind == "boolean" or bool(self.categories or self.bands)

    def separators(self, csv: Csv) -> tuple[Decimal, Thousands]:
        """Return the decimal and the thousands separator: its own, or else those of the files.

        A column may name one of them alone. It shares the other with the files, unless that would
        be the same sign twice.

        >>> Column(kind="numeric", decimal=".", thousands=",").separators(Csv(decimal=","))
        ('.', ',')
        """
        if self.decimal is None and self.thousands is None:
            return csv.decimal, csv.thousands
        other: Decimal = "." if self.thousands == "," else ","
        decimal = self.decimal or (csv.decimal if csv.decimal != self.thousands else other)
        if self.thousands is not None:
            return decimal, self.thousands
        return decimal, csv.thousands if csv.thousands != decimal else ""


class Schema(BaseModel):
    """All of schema.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    source: str = ""
    license: str = ""
    row: str = ""
    csv: Csv = Csv()
    task: Task
    target: str
    positive: str | None = None
    key: list[str] = []
    time: str | None = None
    weight: str | None = None
    slices: list[str] = []
    duplicates: Literal["drop", "keep"] = "drop"
    missing: list[str] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
    columns: dict[str, Column] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _regression_reads_numbers(cls, given: Any) -> Any:
        """Make a target of numeric classes numeric, so that `task: regression` is enough."""
        try:
            target = given["columns"][given["target"]]
            numbers = [float(category) for category in target["categories"]]
        except (KeyError, TypeError, ValueError):
            return given
        if given.get("task") != "regression" or not np.isfinite(numbers).all():
            return given
        numeric = {key: target[key] for key in target if key != "categories"} | {"kind": "numeric"}
        return given | {"columns": given["columns"] | {given["target"]: numeric}}

    @model_validator(mode="after")
    def _the_hash_of_groups_has_its_name_alone(self) -> Self:
        if GROUP in self.columns and self.columns[GROUP].kind != "ignored":
            raise ValueError(
                f"columns: {GROUP!r} is the name of the column of group hashes in prepared tables; "
                "rename the column in the files and here, or set its kind to ignored"
            )
        return self

    @model_validator(mode="after")
    def _names_are_columns(self) -> Self:
        roles = {
            "target": [self.target],
            "key": self.key,
            "slices": self.slices,
            "time": [self.time] if self.time else [],
            "weight": [self.weight] if self.weight else [],
        }
        for role, names in roles.items():
            for name in names:
                if role == "slices" and name not in self.columns:
                    continue  # a derived column, which only the model knows
                if name not in self.columns:
                    raise ValueError(f"{role}: no column {name!r}{nearest(name, self.columns)}")
                if self.columns[name].kind == "ignored":
                    raise ValueError(f"{role}: column {name!r} is of kind ignored")
                if role in {"target", "key", "time", "weight"} and self.columns[name].nullable:
                    raise ValueError(f"{role}: column {name!r} must not be nullable")
                if role != "target" and name == self.target:
                    raise ValueError(f"{role}: {name!r} is the target, which is not known yet")
        return self

    @model_validator(mode="after")
    def _kinds_fit_the_roles(self) -> Self:
        for name in self.slices:
            column = self.columns.get(name)
            if column and not column.can_slice:
                raise ValueError(
                    f"slices: column {name!r} is neither boolean, nor categorical with its "
                    "categories listed, nor numeric with bands, such as bands: [30, 45, 60]"
                )
        if self.time and self.columns[self.time].kind != "datetime":
            raise ValueError(f"time: column {self.time!r} is not of kind datetime")
        if self.weight:
            column = self.columns[self.weight]
            if column.kind != "numeric" or column.min is None or column.min < 0:
                raise ValueError(f"weight: column {self.weight!r} must be numeric, with min: 0")
        if not self.features:
            raise ValueError("columns: none is left to learn from")
        return self

    @model_validator(mode="after")
    def _target_fits_the_task(self) -> Self:
        target, wanted = self.columns[self.target], f"target: with task: {self.task}, column"
        categories = target.categories or []
        if self.task == "regression":
            fits = target.kind == "numeric"
            what = "must be numeric"
        elif self.task == "multiclass":
            fits = len(categories) > 2
            what = "must be categorical, with 3 categories or more listed"
        else:
            fits = target.kind == "boolean" or len(categories) == 2
            what = "must be boolean, or categorical with 2 categories"
        if not fits:
            raise ValueError(f"{wanted} {self.target!r} {what}")
        if self.task == "binary" and target.kind == "categorical":
            if self.positive not in categories:
                raise ValueError(f"positive: must be one of {categories}, the target's classes")
        elif self.positive is not None:
            raise ValueError("positive: only a categorical target with 2 categories needs it")
        return self

    @property
    def used(self) -> dict[str, Column]:
        """The columns that are read; other columns are optional in a table."""
        return {name: column for name, column in self.columns.items() if column.kind != "ignored"}

    @property
    def features(self) -> list[str]:
        """The columns that the model may learn from."""
        others = {self.target, self.weight, *self.key}
        return [
            name
            for name, column in self.columns.items()
            if column.kind in FEATURE_KINDS and name not in others and not column.sensitive
        ]

    @property
    def inputs(self) -> list[str]:
        """The columns that a model gets: the features, then columns that only `derive` may use.

        The latter are keys and identifiers that are not sensitive. For example, a date that is the
        key gives the day of the week.
        """
        others = [
            name
            for name, column in self.used.items()
            if name not in (self.target, self.weight) and not column.sensitive
        ]
        return list(dict.fromkeys([*self.features, *others]))

    @property
    def learned_protected(self) -> list[str]:
        """The features that are protected attributes of persons."""
        return [name for name in self.features if self.columns[name].protected]

    def features_of(self, *kinds: Kind) -> list[str]:
        """Return the features of some kinds, in the order of schema.yaml."""
        return [name for name in self.features if self.columns[name].kind in kinds]

    def categories_up_to(self, most: int) -> tuple[list[str], list[str]]:
        """Return the categorical features with at most this many listed categories, and the others.

        Columns whose categories are not listed are among the others.
        """
        names = self.features_of("categorical")
        few = [name for name in names if 0 < len(self.columns[name].categories or []) <= most]
        return few, [name for name in names if name not in few]

    @property
    def verbatim(self) -> list[str]:
        """The columns whose values are kept as written: `007` is not a number."""
        return [name for name, column in self.used.items() if column.kind in VERBATIM_KINDS]

    @property
    def classes(self) -> list[str]:
        """The names of the target's classes, in the order of their codes; none for a number."""
        categories = self.columns[self.target].categories or ["no", "yes"]
        if self.task == "binary" and self.positive:
            return [name for name in categories if name != self.positive] + [self.positive]
        return [] if self.task == "regression" else categories


def load_schema(path: Path = paths.SCHEMA) -> Schema:
    """Read and check schema.yaml.

    Raises:
        InputError: the file is missing, is not YAML, or contradicts itself.
    """
    return parse(Schema, read_yaml(path), path)


def encode_target(target: pd.Series, schema: Schema) -> np.ndarray:
    """Return the target as numbers for a model; shape (n_rows,).

    Args:
        target: the target's values in rows that conform to the schema.
        schema: names the task and the classes.

    Returns:
        For a regression, the values as float64. Otherwise, their positions in `schema.classes` as
        int64. With two classes, 1 is the positive class.

    Raises:
        ValueError: a value is none of the classes.
    """
    if schema.task == "regression":
        return target.to_numpy(np.float64)
    if schema.columns[schema.target].kind == "boolean":
        return target.to_numpy(np.int64)
    places = np.asarray(pd.Index(schema.classes).get_indexer(pd.Index(target)), dtype=np.int64)
    if (places < 0).any():  # NumPy would read -1 as the last class
        raise ValueError(f"{schema.target} has values that are not among its classes")
    return places
