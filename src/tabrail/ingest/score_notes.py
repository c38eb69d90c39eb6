"""Write the notes on things that may make a score too optimistic."""

from collections.abc import Mapping

from tabrail.data.schema import Task
from tabrail.ingest import recipes
from tabrail.ingest.belonging import NUMBER_AT_END, Belonging
from tabrail.ingest.column_names import in_clean
from tabrail.ingest.in_time import Order
from tabrail.ingest.leaks import measure
from tabrail.ingest.roles import ON_BOTH_SIDES, short
from tabrail.ingest.sums import Sum
from tabrail.ingest.two_splits import Scores

BEST = 5  # columns to show
MEASURES: dict[Task, str] = {
    "binary": "balanced accuracy of each column alone; a guess has 0.5",
    "multiclass": "balanced accuracy of each column alone",
    "regression": "R² of the ranks by each column alone; a guess has 0",
}


def best_alone(scores: Mapping[str, float], task: Task) -> str:
    """Return the features that predict the target best by themselves, in one line."""
    ordered = sorted(scores.items(), key=lambda one: -one[1])[:BEST]
    shown = ", ".join(f"{short(name)} {max(0.0, score):.3f}" for name, score in ordered)
    return f"{shown} ({MEASURES[task]})" if shown else ""


def likely_leak(name: str, target: str, task: Task, score: float) -> str:
    """Ask whether a column that alone predicts the target well is known before the target."""
    return (
        f"{name}: alone it predicts {target} nearly perfectly ({measure(task)} {score:.3f} on rows "
        f"it was not fitted to), and it is used. {_ask(name, target)}"
    )


def stands_out(name: str, target: str, task: Task, score: float, next_best: float) -> str:
    """Ask whether a column that alone predicts far better than the others is known in time."""
    return (
        f"{name}: alone it predicts {target} far better than any other column ({measure(task)} "
        f"{score:.3f}, the next one {max(0.0, next_best):.3f}), and it is used. A column that is "
        f"known only afterwards looks like this. {_ask(name, target)}"
    )


def filled_in_one_class(name: str, target: str, rows: int, level: str) -> str:
    """Ask whether a column that is filled only in one class is known before the target."""
    return (
        f"{name}: it is filled in {rows:,} of the rows that were looked at, nearly all of them "
        f"with {target} {level}, and it is used. {_ask(name, target)}"
    )


def sum_of_parts(name: str, found: Sum, target: str, entry: str) -> str:
    """Return the note that columns add up to the target, and how to use them anyway.

    Args:
        name: the column.
        found: the columns.
        target: the target's name.
        entry: the column's entry in schema.yaml if it is used.
    """
    return (
        f"LEAK? {found} gives {target}, except for unit or rounding. If it is known before "
        f"{target} is, {recipes.entry(name, entry)}"
    )


def only_sum(found: Sum, target: str) -> str:
    """Return the note that columns add up to the target, and are the only features."""
    return (
        f"{', '.join(found.names)}: LEAK? {found} gives {target}, except for unit or rounding, and "
        f"there is no other column to learn from. If one is not known before {target} is, the "
        "model is worth nothing"
    )


def belongs(one: Belonging, scores: Scores, target: str, *, is_known: bool) -> str:
    """Return the note that rows of one value seem to belong together, with both scores.

    Args:
        one: the column.
        scores: with the rows of each value on one side of the split, and with a random split.
        target: the target's name.
        is_known: whether the column is an identifier in schema.yaml.
    """
    name = short(one.name)
    thing = f"{name} without the number at its end" if one.is_cut else name
    write = f"write key: [{name}] in schema.yaml"
    if not is_known:
        write = f"{recipes.entry(one.name, '{kind: identifier}')}, and key: [{name}] above"
    if one.is_cut:
        made = f'{in_clean(one.name)}.str.replace(r"{NUMBER_AT_END}", "", regex=True)'
        write = f"{recipes.clean(one.name, made)}. Then: {recipes.again(target)}. Then {write}"
    return (
        f"{one.name}: rows of one {thing} are alike, {ON_BOTH_SIDES}. With those of one {thing} on "
        f"one side, a small model has {scores}. If predictions are about others than these "
        f"{one.count:,}, {write}"
    )


def follows_in_time(one: Order, scores: Scores) -> str:
    """Return the note that rows follow each other in time, with both scores.

    Args:
        one: the order of the rows.
        scores: on later rows, and with a random split.
    """
    near = "near in time" if one.names else "near each other in the file"
    head = f"{', '.join(one.names)}: rows" if one.names else "rows"
    doubt = "" if one.names else "If they are in the order of time and "
    return (
        f"{head} that are {near} are alike. On rows later than those it has learned from, a small "
        f"model has {scores}. {doubt or 'If '}predictions are about later rows, {one.advice}"
    )


def _ask(name: str, target: str) -> str:
    return f"Is it known before {target} is? If not, {recipes.ignore(name)}"
