"""Find rows that belong together or follow each other in time, which a random split would leak."""

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest import belonging, in_time, recipes, score_notes, two_splits
from tabrail.ingest.alike import DISORDER, comparable_target, disorder, share
from tabrail.ingest.belonging import Belonging
from tabrail.ingest.in_time import Order
from tabrail.ingest.kinds import DISTINCT, Guess
from tabrail.ingest.profile import Profile
from tabrail.ingest.roles import FEWEST_KEYS

if TYPE_CHECKING:
    from tabrail.ingest.inference import Inference

FEWEST_TIMES = 10
SURE = 4.0  # standard errors of a correlation of 0
LEFT_ALIKE = 0.2  # correlation of the residuals of consecutive rows
MOST_SCORED = 2  # columns to compute both scores for


def key_by_values(inference: "Inference", found: Profile, schema: Schema) -> list[str]:
    """Make a column an identifier if its name may be that of one, and its values are.

    Args:
        inference: the kind of each column. A guess changes, and other candidates are kept in it.
        found: what all rows hold.
        schema: names the features, the target and the key.

    Returns:
        The key: the present one if its values repeat.
    """
    sample = inference.sample
    if _repeats(schema.key, sample, found):
        return schema.key
    inference.belonging = belonging.find(sample, schema)
    for one in inference.belonging:
        if one.is_named and one.count >= FEWEST_KEYS:
            reason = "named like one, and the rows of each value are alike"
            back = f"to learn from it, {recipes.entry(one.name, '{kind: categorical}')}"
            inference.guesses[one.name] = Guess("identifier", f"{reason}; {back}", entity=True)
            inference.belonging = []
            return [one.name]
    return schema.key


def doubt(inference: "Inference", found: Profile, schema: Schema) -> set[str]:
    """Add notes where a model scores worse on unseen groups or later rows than at random.

    Args:
        inference: the kind of each column. Its suspects change.
        found: what all rows hold.
        schema: names the remaining features, the target and the key.

    Returns:
        The columns that group or order the rows.
    """
    sample = inference.sample
    doubted = {one.name for one in inference.belonging}
    for one in _possible(inference, found, schema)[:MOST_SCORED]:
        scores = two_splits.by_group(sample, schema, one.name, one.groups)
        if scores and scores.differ:
            is_known = schema.columns[one.name].kind == "identifier"
            note = score_notes.belongs(one, scores, inference.name, is_known=is_known)
            inference.suspects.append(note)
            inference.blocks.pop(one.name, None)
            break
    several = islice(in_time.orders(sample, schema, found), MOST_SCORED)
    known = [order for order in several if len(np.unique(order.times)) >= FEWEST_TIMES]
    for order in known:
        if not (_follow(sample, schema, order) or _follow_within(inference, schema, order)):
            continue
        by_time = two_splits.by_time(sample, schema, order.times)
        if by_time and by_time.differ:
            inference.suspects.append(score_notes.follows_in_time(order, by_time))
            return {*doubted, *order.names}
    if not known and not doubted and not _repeats(schema.key, sample, found):
        of_file = in_time.of_file(sample)
        if _follow_in_file(inference, schema, of_file):
            by_time = two_splits.by_time(sample, schema, of_file.times)
            if by_time and by_time.differ:
                inference.suspects.append(score_notes.follows_in_time(of_file, by_time))
    return doubted


def _possible(inference: "Inference", found: Profile, schema: Schema) -> list[Belonging]:
    """Return the columns whose rows seem to belong together, and those that number blocks."""
    possible = list(inference.belonging)
    if _repeats(schema.key, inference.sample, found):
        return []
    features = set(schema.features)
    for name, count in inference.blocks.items():
        if name in features and name not in {one.name for one in possible}:
            groups = pd.factorize(inference.sample[name], sort=True)[0]
            answers = comparable_target(inference.sample, schema)
            if disorder(groups, answers) < DISORDER:
                continue  # the order of the numbers has a meaning, so they are not mere names
            possible.append(Belonging(name, count, is_named=False, is_cut=False, groups=groups))
    return possible


def _repeats(key: list[str], sample: pd.DataFrame, found: Profile) -> bool:
    """Check whether the values of a key repeat. Otherwise, it identifies rows and groups none.

    A sample may hide it if each value has few rows, but the counts of identifiers show it.
    """
    if not key:
        return False
    counted = [found.columns[name] for name in key if name in found.columns]
    if len(key) == 1 and any(one.distinct < DISTINCT * one.counted for one in counted):
        return True
    return float(sample[key].duplicated().mean()) > 1 - DISTINCT


def _follow(sample: pd.DataFrame, schema: Schema, one: Order) -> bool:
    """Check whether rows near in time have similar targets, beyond chance."""
    known = np.flatnonzero(~np.isnan(one.times))
    if len(known) < two_splits.FEWEST_ROWS:
        return False
    shuffled = np.random.default_rng(0).permutation(known)  # rows of the same time have no order
    order = shuffled[np.argsort(one.times[shuffled], kind="stable")]
    values = comparable_target(sample, schema)
    return share(values, order[:-1], order[1:]) * np.sqrt(len(order)) > SURE


def _follow_in_file(inference: "Inference", schema: Schema, one: Order) -> bool:
    """Check whether consecutive rows in the files are alike, beyond what columns explain.

    Sorted rows are alike, too: then the columns explain it, or the target itself is sorted.
    """
    sample = inference.sample
    if not _follow(sample, schema, one):
        return False
    if in_time.is_sorted(sample, schema, len(inference.files)):
        return False
    left = two_splits.residuals(sample, schema)
    if left is None or not left.std():
        return False
    # Ranks, because a model has large errors on few extreme rows, which are neighbors in sorted
    # rows.
    ranks = pd.Series(left).rank().to_numpy()
    found = float(np.corrcoef(ranks[1:], ranks[:-1])[0, 1])
    return found > LEFT_ALIKE and found * np.sqrt(len(ranks)) > SURE


def _follow_within(inference: "Inference", schema: Schema, one: Order) -> bool:
    """Check the same within each group, because the level of groups may hide it."""
    sample = inference.sample
    things = [one.groups for one in inference.belonging[:1]]
    if not things and schema.key and sample[schema.key].duplicated().any():
        things = [sample.groupby(schema.key, sort=False, dropna=False).ngroup().to_numpy()]
    if not things:
        return False
    values = comparable_target(sample, schema)
    if values.dtype.kind != "f":
        values = (values == np.bincount(values + 1).argmax() - 1).astype(np.float64)
    table = pd.DataFrame({"thing": things[0], "time": one.times, "value": values}).dropna()
    table["value"] -= table.groupby("thing")["value"].transform("mean")
    table = table.sort_values(["thing", "time"], kind="stable")
    same = (table["thing"] == table["thing"].shift()).to_numpy()[1:]
    left = table["value"].to_numpy()
    first, second = left[:-1][same], left[1:][same]
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    if same.sum() < two_splits.FEWEST_ROWS or not spread:
        return False
    return float((first * second).sum()) / spread * np.sqrt(same.sum()) > SURE
