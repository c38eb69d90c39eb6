"""Score a part of a table in one process, on this machine or another one."""

import json
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tabrail import garbage, paths
from tabrail.data import tables
from tabrail.data.checks import checked
from tabrail.data.conform import conform
from tabrail.data.date_order import read_usual_days
from tabrail.data.parts import Part
from tabrail.data.validate import Verdict, rejected_rows
from tabrail.documents import no_formula
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.model.compiled import plain
from tabrail.model.compiled.columns import TableColumns
from tabrail.model.failing import failing_row
from tabrail.model.limits import HELD, Predicted
from tabrail.model.metadata import Metadata, read_metadata, require_same_code
from tabrail.model.recorded import require_recorded
from tabrail.model.scoring import answers, for_scoring, identity, optional
from tabrail.model.signature import given_columns, require
from tabrail.project.project import Project

MOST_ROWS = 25_000  # of a chunk: larger chunks take more memory and are not faster


class Scored(NamedTuple):
    """Rows that were read together.

    Attributes:
        results: a line for each row that was scored.
        rejected: the rows that break the schema, with the reasons; None if they are not wanted.
        held: how many predictions are at a limit.
        unusual: how many rows have a text that is unlike those of training.
    """

    results: pd.DataFrame
    rejected: pd.DataFrame | None
    held: int
    unusual: int


class Scorer:
    """Scores parts of tables with the project's model; all get the same time."""

    def __init__(
        self,
        project: Project,
        files: list[Path],
        *,
        model_hash: str,
        reject: bool,
        untrusted: bool = False,
    ) -> None:
        """Prepare to score tables.

        Args:
            project: the project.
            files: all tables.
            model_hash: the hash of the model file.
            reject: whether rows that break the schema are returned.
            untrusted: whether to load a model file that was never recorded.
        """
        self._root, self._reject, self._untrusted = project.root.resolve(), reject, untrusted
        self._model_hash, self._clean = model_hash, project.clean
        self._schema, self._params = project.schema, project.params
        self._scoring_schema = for_scoring(project.schema)
        self._several, self._stamp = len(files) > 1, {"model": "", "scored_at": ""}
        given = {name for file in files for name in tables.columns(file, project.schema.csv)}
        self._names = [name for name in identity(self._scoring_schema) if name in given]
        self._is_refused = False

    def __call__(self, part: Part) -> Iterator[Scored | Verdict]:
        """Yield the scores of a part, chunk by chunk, then the verdict on its rows."""
        verdict = Verdict([part.file])
        for chunk in checked(
            [part],
            self._scoring_schema,
            min(self._params.prepare.chunk_rows, MOST_ROWS),
            "predict" if not self._several else f"predict {part}",
            self._clean,
            optional=optional(self._schema),
            aside=verdict.aside,
            usual=read_usual_days(paths.DISTRIBUTIONS),
        ):
            bad = verdict.add(chunk)
            self._is_refused |= bool(verdict.rejected) and not self._reject
            if self._is_refused:  # nothing is left to do but count
                continue
            good = chunk.table[~bad]
            found = self._scored(good, part.file)
            yield Scored(
                self._results(good, found, part.file),
                rejected_rows(chunk, bad) if self._reject else None,
                int(found.held.sum()),
                len(found.unusual),
            )
            del chunk, good, found  # before the next chunk is read beside them
        yield verdict

    @property
    def metadata(self) -> Metadata:
        """The metadata of the model."""
        return self._loaded.metadata

    @property
    def _loaded(self) -> "Loaded":
        return _load(self._root, self._model_hash, untrusted=self._untrusted)

    def stamp(self, version: str, now: str) -> None:
        """Set the model's version and the time in ISO 8601 for all lines."""
        self._stamp = {"model": version, "scored_at": now}

    def nothing(self, file: Path) -> pd.DataFrame:
        """Return an empty result with the columns and types of all results."""
        schema = self._scoring_schema
        rows, _ = conform(pd.DataFrame(columns=list(schema.used), dtype="str"), schema)
        return self._results(rows, self._loaded.score(rows), file)

    def _scored(self, rows: pd.DataFrame, file: Path) -> Predicted:
        """Score rows that conform to the schema.

        Raises:
            InputError: the model or the project's code fails on a row, which it names.
        """
        try:
            return self._loaded.score(rows)
        except (InputError, OSError, MemoryError):
            raise
        except Exception as error:  # of the estimator, or of the project's code
            failing = failing_row(lambda some: self._loaded.score(some).numbers, rows)
            if failing is None:
                raise
            place, why = failing
            raise InputError(
                f"{file}, row {rows.index[place] + 1}: the model cannot score it: {why}. Nothing "
                "is written. Correct this row, or the feature function, derive, and train again "
                "with: uv run dvc repro"
            ) from error

    def _results(self, table: pd.DataFrame, found: Predicted, file: Path) -> pd.DataFrame:
        predicted = answers(found.numbers, self._schema, self._params.evaluate.threshold)
        metadata = self.metadata
        marks: dict[str, object] = {HELD: found.held} if metadata.limits else {}
        if metadata.texts:
            unlike = ["; ".join(found.unusual.get(place, [])) for place in range(len(table))]
            warnings = [no_formula(warning) for warning in unlike]
            marks["warnings"] = pd.array(warnings, dtype="str")
        origin: dict[str, object] = {"file": no_formula(str(file))} if self._several else {}
        identifiers = _renamed(
            table.reindex(columns=self._names),
            {"file", "row", *predicted, "model", "scored_at", *marks},
        )
        columns = origin | {"row": table.index + 1} | dict(identifiers.items()) | predicted
        columns.update(self._stamp)
        columns.update(marks)
        words = dict.fromkeys([*origin, *self._stamp], "str")
        return pd.DataFrame(columns, index=table.index).astype(words)


class Loaded:
    """A model, which loads its pipeline only if there are many rows to score.

    Attributes:
        metadata: the metadata of its file.
    """

    def __init__(self, project: Project, model_hash: str, *, untrusted: bool) -> None:
        """Read what the model file has beside the pipeline.

        Args:
            project: the project.
            model_hash: the hash of the model file.
            untrusted: whether the file may be one that was never recorded.

        Raises:
            InputError: the file is not the recorded one, or was trained for another schema or with
                other code.
        """
        file = paths.located(project.root, paths.MODEL)
        if not untrusted:
            require_recorded(project.root)
        self.metadata = read_metadata(file)
        require_same_code(file, self.metadata, project.root)
        require(self.metadata, project.schema)
        self._project, self._hash, self._untrusted = project, model_hash, untrusted
        self._numbers = plain.read(file)
        self._rows = 0

    def score(self, rows: pd.DataFrame) -> Predicted:
        """Predict rows that conform to the schema."""
        self._rows += len(rows)
        if self._numbers is None or self._rows > self._numbers.few_rows:
            return self._pipeline(rows)
        schema = self._project.schema
        columns = TableColumns(given_columns(rows, schema))
        return self._numbers.score(columns, self.metadata, schema)

    @cached_property
    def _pipeline(self) -> Callable[[pd.DataFrame], Predicted]:
        """The pipeline's function that scores; the compiled one, if it predicts the same."""
        with garbage.postponed():  # these import scikit-learn
            from tabrail.model.compiled.proof import compile_pipeline
            from tabrail.model.saving import load_model

        model = load_model(self._project, untrusted=self._untrusted)
        file = paths.located(self._project.root, paths.MODEL)
        if md5(file) != self._hash:
            raise InputError(
                f"{file} was replaced while rows were scored. Nothing is written; run the command "
                "again"
            )
        try:
            known = json.loads(paths.located(self._project.root, paths.DISTRIBUTIONS).read_bytes())
        except (OSError, ValueError):  # the rows to compare with are drawn from these
            return model.score
        compiled = compile_pipeline(*model, known, singly=False)[0]
        if compiled is None:
            return model.score
        return lambda rows: compiled.score(TableColumns(given_columns(rows, model.schema)))


@lru_cache(maxsize=1)
def _load(root: Path, model_hash: str, *, untrusted: bool) -> Loaded:
    """Load a project's model once; another file has another hash."""
    return Loaded(Project.load(root), model_hash, untrusted=untrusted)


def _renamed(table: pd.DataFrame, taken: set[str]) -> pd.DataFrame:
    """Return the table; a column whose name is taken gets a _ at the end of its name."""
    names = [str(name) for name in table]
    for place in range(len(names)):
        while names[place] in taken or names.count(names[place]) > 1:
            names[place] += "_"
    return table.set_axis(names, axis="columns")
