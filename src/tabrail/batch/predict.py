"""Batch scoring: a prediction for every row of a table of any length."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from tabrail import params, paths
from tabrail.data import dialect, outputs, schema, tables
from tabrail.data.checks import checked
from tabrail.data.validate import Verdict, rejects
from tabrail.documents import replacing
from tabrail.errors import InputError
from tabrail.model.scoring import answers, for_scoring, identity
from tabrail.project import registry

MOST_ROWS = 25_000  # of a chunk: larger ones take more memory and are no faster


def predict(
    place: Path, out: Path, rejected: Path | None = None, *, overwrite: bool = False
) -> str:
    """Let the model predict every row of a table; write all files whole, or none.

    Memory is bounded by `prepare.chunk_rows` in params.yaml, not by the size of the table.

    Args:
        place: the table, a file or a folder of them.
        out: a file for the predictions, in the order of the rows.
        rejected: a CSV file for the rows that break the contract, as `validate` writes it. Without
            it, one such row is enough to refuse the table.
        overwrite: whether `out` and `rejected` may be there already.

    Returns:
        What was done, for people.

    Raises:
        InputError: a row breaks the contract, the model is of another contract, a file cannot be
            read, or one to write is in the way.
    """
    knobs, contract = params.load(), schema.load()
    files, written = tables.find(place), [out, *([rejected] if rejected else [])]
    _require_room(place, written, overwrite=overwrite)
    for file in files:
        dialect.require(file, contract.csv)

    from tabrail.model import file as model

    pipeline, facts = model.load(paths.MODEL)
    model.require(facts, contract)
    version, now = registry.model_version(), datetime.now(UTC).isoformat(timespec="seconds")
    door = for_scoring(contract)

    def result(table: pd.DataFrame, numbers: np.ndarray, file: Path) -> pd.DataFrame:
        said = answers(numbers, contract, knobs.evaluate.threshold)
        origin: dict[str, object] = {"file": str(file)} if len(files) > 1 else {}
        whose = _renamed(table[identity(door)], {"file", "row", *said, "model", "scored_at"})
        columns = origin | {"row": table.index + 1} | dict(whose.items()) | said
        columns |= {"model": version, "scored_at": now}
        words = dict.fromkeys([*origin, "model", "scored_at"], "str")
        return pd.DataFrame(columns, index=table.index).astype(words)

    verdict, scored = Verdict(files), 0
    nothing, _ = schema.conform(pd.DataFrame(columns=list(door.used), dtype="str"), door)
    template = result(nothing, model.predict(pipeline, facts, nothing, contract), place)
    rows = min(knobs.prepare.chunk_rows, MOST_ROWS)
    with replacing(*written) as (temporary, *others), ExitStack() as opened:
        write = opened.enter_context(outputs.writer(temporary, out.name, template, contract.csv))
        reject = opened.enter_context(rejects(others[0], contract.csv)) if others else None
        for chunk in checked(files, door, rows, "predict", verbatim=bool(reject)):
            bad = verdict.add(chunk)
            if reject:
                reject(chunk, bad)
            elif verdict.rejected:  # nothing is left to do but count
                continue
            good = chunk.table[~bad]
            write(result(good, model.predict(pipeline, facts, good, contract), chunk.file))
            scored += len(good)
            del chunk, good  # before the next chunk is read beside them
        if verdict.rejected and not reject:
            raise InputError(
                f"{verdict.text('cannot be scored')}\nNothing is written. Correct these rows and "
                f"check them with: validate {place}, or score the others with: --rejected FILE"
            )
    lines = [verdict.text("left out")] if verdict.findings else []
    lines.append(f"{scored:,} rows scored by {version}: {out}")
    if verdict.rejected:
        lines.append(f"{verdict.rejected:,} left out, with the reasons: {rejected}")
    return "\n".join(lines)


def _require_room(place: Path, written: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse what cannot or must not be written before anything is read.

    Raises:
        InputError: there is something already, or it would be read as a table to score.
    """
    out, *others = written
    taken = [path.resolve() for path in others]
    if not out.name.endswith(outputs.SUFFIXES):
        raise InputError(f"{out} cannot be written; expected one of: {', '.join(outputs.SUFFIXES)}")
    if out.resolve() in taken:
        raise InputError(f"{out} is to hold the predictions; choose another file for --rejected")
    for path in written:
        if path.resolve().is_relative_to(place.resolve()):
            raise InputError(f"{path} would be among the tables to score; choose another place")
        if path.is_dir() or (path.exists() and not overwrite):
            raise InputError(
                f"{path} is there already; choose another name, or replace it with: --overwrite"
            )


def _renamed(table: pd.DataFrame, taken: set[str]) -> pd.DataFrame:
    """Return a table whose columns have no name that is taken: those get a _ behind theirs."""
    names = [str(name) for name in table]
    for place in range(len(names)):
        while names[place] in taken or names.count(names[place]) > 1:
            names[place] += "_"
    return table.set_axis(names, axis="columns")
