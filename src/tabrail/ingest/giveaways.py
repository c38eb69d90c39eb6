"""Leave out columns that leak the target, alone or with another column."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from tabrail.data.schema import Schema
from tabrail.ingest import filled, leaks, notes, pairs, score_notes, separators, sums
from tabrail.ingest.afterwards import dates_after_the_event, later_columns
from tabrail.ingest.kinds import Guess
from tabrail.ingest.profile import Profile

if TYPE_CHECKING:
    from tabrail.ingest.inference import Inference


def leave_out(inference: "Inference", found: Profile, schema: Schema) -> None:
    """Ignore columns that leak the target, with a note; ask about possible leaks.

    Args:
        inference: the kind of each column. Its guesses, leaks and suspects change.
        found: what all rows hold.
        schema: names the features, the target and the key.
    """
    name, task = inference.name, inference.target.task
    alone = leaks.alone(inference.sample, schema)
    inference.alone = alone
    scores = leaks.near_perfect(alone)
    if len(scores) == len(schema.features):  # no feature would be left
        for column, score in scores.items():
            inference.suspects.append(notes.only_leak(column, name, task, score))
        return
    for column, score in scores.items():
        _ignore(
            inference,
            column,
            notes.leak(column, name, task, score, _entry(inference, column, found)),
        )
    _leave_out_pairs(inference, found, schema.key)
    _leave_out_sum(inference, found, schema.key)
    names = inference.schema(schema.key).features_of("datetime")
    for late, early in dates_after_the_event(inference.sample, names).items():
        inference.suspects.append(notes.later_date(late, early, name))


def _leave_out_pairs(inference: "Inference", found: Profile, key: list[str]) -> None:
    """Ignore columns that give the target together with another one."""
    name = inference.name
    for pair in pairs.find(inference.sample, inference.schema(key)):
        if {pair.first, pair.second} & inference.leaks.keys():
            continue  # the other one alone does not leak the target
        late = later_columns(pair, inference.sample)
        if len(inference.schema(key).features) == len(late):
            inference.suspects.append(notes.only_pair(pair, name))
            continue
        if len(late) > 1 and inference.target.task != "regression":
            # Neither is known to be later, and a class may follow a rule of two features.
            inference.suspects.append(notes.ask_pair(pair, name))
            continue
        for column in late:
            entry = _entry(inference, column, found)
            _ignore(inference, column, notes.pair(column, pair, late, name, entry))


def _leave_out_sum(inference: "Inference", found: Profile, key: list[str]) -> None:
    """Ignore the columns that add up to the target."""
    schema = inference.schema(key)
    total = sums.find(inference.sample, schema)
    if total is None:
        return
    if len(total.names) == len(schema.features):
        inference.suspects.append(score_notes.only_sum(total, inference.name))
        return
    for column in total.names:
        entry = notes.written(_entry(inference, column, found))
        _ignore(inference, column, score_notes.sum_of_parts(column, total, inference.name, entry))


def ask(inference: "Inference", doubted: Collection[str]) -> None:
    """Ask about columns that nearly leak the target, and are used.

    Args:
        inference: the kind of each column. Its suspects change.
        doubted: columns that already have a note.
    """
    alone = inference.alone
    name, task = inference.name, inference.target.task
    schema = inference.schema()
    left = [column for column in schema.features if column in alone]
    likely = [one for one in left if alone[one].score >= leaks.LIKELY and one not in doubted]
    for column in likely:
        note = score_notes.likely_leak(column, name, task, alone[column].score)
        inference.suspects.append(note)
    found = leaks.outstanding({one: alone[one].score for one in left}, _chance(inference))
    if found and found[0] not in {*likely, *doubted}:
        inference.suspects.append(score_notes.stands_out(found[0], name, task, *found[1:]))
    for column, (rows, level) in filled.find(inference.sample, schema).items():
        if column not in likely:
            inference.suspects.append(score_notes.filled_in_one_class(column, name, rows, level))


def _chance(inference: "Inference") -> float:
    """Return the score of a guess."""
    if inference.target.task == "regression":
        return 0.0
    return 1 / max(2, inference.sample[inference.name].nunique())


def _entry(inference: "Inference", name: str, found: Profile) -> dict[str, object]:
    """Return the line of a column in schema.yaml that makes it a feature."""
    kind, format_ = inference.guesses[name].kind, inference.guesses[name].format
    missing = found.columns[name].missing or name in inference.missing_in.values()
    own = separators.keys(inference, name, kind)
    return {
        "kind": kind,
        "format": format_ and f'"{format_}"',
        "nullable": missing and "true",
        **{key: json.dumps(value) for key, value in own.items()},
    }


def _ignore(inference: "Inference", name: str, note: str) -> None:
    inference.leaks[name] = note
    inference.guesses[name] = Guess("ignored", "")
