"""Doubt a random split: are there rows that belong together, or that follow each other in time?"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest import belonging, doubts, protected, two_splits
from tabrail.ingest.alike import DISORDER, comparable, disorder, share
from tabrail.ingest.belonging import Belonging
from tabrail.ingest.kinds import DISTINCT, Guess
from tabrail.ingest.profile import Profile
from tabrail.ingest.roles import FEWEST_KEYS

if TYPE_CHECKING:
    from tabrail.ingest.infer import Inference

FEWEST_TIMES = 10
SURE = 4.0  # standard errors of a correlation of 0
MOST_SCORED = 2  # columns of which both scores are computed


def key_by_values(inference: "Inference", schema: Schema) -> list[str]:
    """Take a column for an identifier whose name may say so, and whose values do.

    Args:
        inference: what each column is. A guess changes; what seems to be one, too, is kept.
        schema: names the features, the target and the key.

    Returns:
        The key: the present one, if its values repeat.
    """
    sample = inference.sample
    if _repeats(schema.key, sample):
        return schema.key
    inference.belonging = belonging.find(sample, schema)
    for one in inference.belonging:
        if one.is_named and one.count >= FEWEST_KEYS:
            reason = "named like one, and the rows of each value are alike"
            back = "to learn from it, write {kind: categorical}"
            inference.guesses[one.name] = Guess("identifier", f"{reason}; {back}", entity=True)
            inference.belonging = []
            return [one.name]
    return schema.key


def doubt(inference: "Inference", found: Profile, schema: Schema) -> set[str]:
    """Note where a model scores worse on other things or on later rows than at random.

    Args:
        inference: what each column is. Its suspects change.
        found: what all rows hold.
        schema: names the features that are left, the target and the key.

    Returns:
        The columns that rows belong to or are ordered by.
    """
    sample = inference.sample
    doubted = {one.name for one in inference.belonging}
    for one in _possible(inference, schema)[:MOST_SCORED]:
        scores = two_splits.by_group(sample, schema, one.name, one.groups)
        if scores and scores.differ:
            is_feature = one.name in schema.features
            note = doubts.belongs(one, scores, inference.name, is_feature=is_feature)
            inference.suspects.append(note)
            inference.blocks.pop(one.name, None)
            break
    dates = [
        name
        for name in schema.features_of("datetime")
        if not found.columns[name].missing and not protected.is_birth(name)
    ]
    for name in dates[:MOST_SCORED]:
        if not _follow(sample, schema, name):
            continue
        by_time = two_splits.by_time(sample, schema, name)
        if by_time and by_time.differ:
            note = doubts.follows_in_time(name, by_time, is_chosen=len(dates) == 1)
            inference.suspects.append(note)
            return {*doubted, name}
    return doubted


def _possible(inference: "Inference", schema: Schema) -> list[Belonging]:
    """Return the columns whose rows seem to belong together, and those that number blocks."""
    found = [one for one in inference.belonging if schema.columns[one.name].kind != "ignored"]
    if _repeats(schema.key, inference.sample):
        return []
    for name, count in inference.blocks.items():
        if name in schema.features and name not in {one.name for one in found}:
            groups = pd.factorize(inference.sample[name], sort=True)[0]
            answers = comparable(inference.sample, schema)[schema.target]
            if disorder(groups, answers) < DISORDER:
                continue  # the number says something by its size, and is no mere name
            found.append(Belonging(name, count, is_named=False, is_cut=False, groups=groups))
    return found


def _repeats(key: list[str], sample: pd.DataFrame) -> bool:
    """Check whether the values of a key repeat: else it names rows, and keeps none together."""
    return bool(key) and float(sample[key].duplicated().mean()) > 1 - DISTINCT


def _follow(sample: pd.DataFrame, schema: Schema, name: str) -> bool:
    """Check whether the target of rows that are near in time is alike, beyond chance."""
    times = sample[name]
    known = np.flatnonzero(times.notna())
    if times.nunique() < FEWEST_TIMES or len(known) < two_splits.FEWEST_ROWS:
        return False
    shuffled = np.random.default_rng(0).permutation(known)  # rows of one time are in no order
    order = shuffled[np.argsort(times.to_numpy()[shuffled], kind="stable")]
    values = comparable(sample, schema)[schema.target]
    return share(values, order[:-1], order[1:]) * np.sqrt(len(order)) > SURE
