"""Keep and say how the numbers of single columns are written."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tabrail.data.schema import Csv, Kind, Schema
from tabrail.ingest import recipes
from tabrail.ingest.number_format import SEPARATOR, number, separators
from tabrail.ingest.personal_data import is_personal

if TYPE_CHECKING:
    from tabrail.ingest.inference import Inference

BOTH = ("decimal", "thousands")


def written(
    form: Csv, before: Schema | None, columns: Collection[str]
) -> tuple[Csv, bool, dict[str, Csv]]:
    """Return what the present schema says of numbers, which stays.

    Args:
        form: how the files are written otherwise.
        before: the present schema, if there is one.
        columns: of the table. The schema of other columns says nothing of it.

    Returns:
        The form, whether the schema says how numbers are written in the files, and by name the
        form of each column of which it says so.
    """
    if before is None or before.columns.keys() != set(columns):
        return form, False, {}
    is_known = bool({*BOTH} & before.csv.model_fields_set)
    if is_known:
        form = form.model_copy(update={key: getattr(before.csv, key) for key in BOTH})
    return (
        form,
        is_known,
        {
            name: form.model_copy(
                update=dict(zip(BOTH, column.separators(before.csv), strict=True))
            )
            for name, column in before.columns.items()
            if {*BOTH} & column.model_fields_set
        },
    )


def keys(inference: "Inference", name: str, kind: Kind) -> dict[str, Any]:
    """Return what schema.yaml says of how a column's numbers are written; mostly nothing."""
    own = inference.own.get(name)
    return {key: getattr(own, key) for key in BOTH} if own and kind == "numeric" else {}


def warnings(inference: "Inference", columns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say which columns have another decimal mark than the files, the target first.

    Args:
        inference: what is known of the columns.
        columns: what schema.yaml says of them.
    """
    form = inference.form
    for name in sorted(inference.own, key=lambda name: name != inference.name):
        own, is_target = inference.own[name], name == inference.name
        shown = [word for word in inference.words(name) if SEPARATOR.search(word)]
        if columns[name]["kind"] != "numeric" or own.decimal == form.decimal or not shown:
            continue
        example = next((word for word in shown if not is_personal(word)), "")
        if columns[name].get("sensitive") or not example:
            continue
        read, other = number(example, own), number(example, form)
        advice = (
            "it is no number"
            if np.isnan(other)
            else f"it would be {other:.15g}. If {other:.15g} is right, "
            + recipes.entry(name, f"{{kind: numeric, {separators(form)}}}")
        )
        yield (
            f"{'THE TARGET ' if is_target else ''}{name}: {example!r} is read as {read:.15g}, with "
            f"{separators(own)} in its line of schema.yaml. As the numbers of the other columns "
            f"are written ({separators(form)}), {advice}"
        )
