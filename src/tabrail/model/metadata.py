"""The metadata in a model file, which can be read without the libraries that load the model."""

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tabrail.errors import InputError, missing_output
from tabrail.model import archive
from tabrail.model.limits import Limits
from tabrail.project import code

METADATA = "metadata.json"
NUMBERS = "numbers.json"  # see `model.compiled.plain`
LARGEST_METADATA = 16_000_000  # bytes


@dataclass(frozen=True)
class Metadata:
    """The metadata of a model.

    Attributes:
        estimator: import path of the estimator.
        options: the arguments of the estimator.
        search: the search for options and the best score on the folds, if there was one.
        task: the task.
        target: the column that it predicts.
        classes: the target's classes in training, in the order of the estimator's probabilities.
        columns: the columns that it expects, with their kinds.
        training_rows: number of training rows.
        training_data: SHA-256 of the training table.
        versions: the libraries that it was trained with.
        python: the version of Python that it was trained with, such as 3.12.
        code: SHA-256 of the project's modules that belong to the model, by path from the root.
        limits: limits of the target in training, which predictions are clipped to; see
            `model.limits`.
        texts: the usual measures of texts in training; see `model.texts`.
        workers: number of workers of a cluster that fitted it together; 0 for a single process.
    """

    estimator: str
    options: dict[str, Any]
    search: dict[str, Any]
    task: str
    target: str
    classes: list[str]
    columns: dict[str, str]
    training_rows: int
    training_data: str
    versions: dict[str, str]
    python: str = ""
    code: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=list)
    texts: dict[str, dict[str, float]] = field(default_factory=dict)
    workers: int = 0

    def content(self) -> dict[str, Any]:
        """Return the content for the file, without blank keys that older files do not have."""
        later = {"limits", "texts", "workers"}
        return {n: v for n, v in asdict(self).items() if v or n not in later}


def read_metadata(path: Path) -> Metadata:
    """Return the metadata in a model file, without loading the model.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return Metadata(**json.loads(archive.member(path.read_bytes(), METADATA, LARGEST_METADATA)))
    except FileNotFoundError:
        raise missing_output(path) from None
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise damaged(path, error) from None


def damaged(path: Path, error: Exception) -> InputError:
    """Return the error for a model file that cannot be read."""
    return InputError(
        f"{path} is damaged or not a model of this project ({error}); make it again with: uv run "
        "dvc repro --force train"
    )


def require_same_code(path: Path, metadata: Metadata, root: Path) -> None:
    """Check that a model was trained with the project's present code.

    Args:
        path: the model file, for the message.
        metadata: the metadata in it.
        root: the project.

    Raises:
        InputError: a module of the project that belongs to the model differs.
    """
    if other := code.changed(root, metadata.code):
        raise InputError(
            f"{path} was trained with other code: {', '.join(other)} differs. Train it again with: "
            "uv run dvc repro, or check out the commit that trained it"
        )
