"""Where each file of the project stands, seen from the project's root."""

from pathlib import Path

PARAMS = Path("params.yaml")
SCHEMA = Path("schema.yaml")
PIPELINE = Path("dvc.yaml")
LOCK = Path("dvc.lock")
PROJECT = Path("pyproject.toml")
PACKAGES = Path("uv.lock")
PYTHON = Path(".python-version")
DATASHEET = Path("docs/datasheet.md")

RAW = Path("data/raw")
RAW_POINTER = Path("data/raw.dvc")  # by which DVC tracks it
INGEST_PLAN = Path("data/ingest.tmp/plan.json")  # while it is there, an ingest has not ended
ERASED = Path("data/erased.txt")  # hashes of what `forget` has erased
TRAIN = Path("data/prepared/train.parquet")
VALIDATION = Path("data/prepared/validation.parquet")
TEST = Path("data/prepared/test.parquet")

MODEL = Path("models/model.skops")
RELEASE = Path("release.json")

DATA_REPORT = Path("reports/data.json")
METRICS = Path("reports/metrics.json")
DISTRIBUTIONS = Path("reports/distributions.json")
EVALUATION = Path("reports/evaluation.json")
REPLICATES = Path("reports/replicates.json")
MODEL_CARD = Path("reports/model_card.md")
PLOTS = Path("reports/plots")
SEARCH = PLOTS / "search.csv"

PREDICTION_LOG = Path("log/predictions.sqlite")
COSTS = Path("log/costs.jsonl")
BATCH_LOG = Path("log/batch.jsonl")


def located(root: Path, path: Path) -> Path:
    """Return where a file of a project is; relative, as messages show it, where one is in its root.

    Args:
        root: the project's root.
        path: one of the paths above.
    """
    return path if root.resolve() == Path.cwd() else root / path
