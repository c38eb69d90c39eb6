"""Fit params.yaml and dvc.yaml to the task that a new table sets."""

import io
import re
from pathlib import Path
from textwrap import indent

from ruamel.yaml import YAML

from tabrail import paths
from tabrail.config import load_params
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.evaluation.metrics import METRICS
from tabrail.evaluation.plots import entries
from tabrail.ingest.draft import Draft

# Beside the rule that a …Classifier is a …Regressor: what stands for what, with its options.
COUNTERPARTS = {
    "LogisticRegression: {C: 1.0, max_iter: 1000}": "Ridge: {alpha: 1.0}",
    "LogisticRegression: {C: [0.01, 0.1, 1.0, 10.0]}": "Ridge: {alpha: [0.1, 1.0, 10.0, 100.0]}",
    "LogisticRegression": "Ridge",
}
SCORING = {
    "binary": "neg_log_loss",
    "multiclass": "neg_log_loss",
    "regression": "neg_mean_squared_error",
}
COMMENTS = 28  # where they begin in params.yaml, if the line leaves room
PLOTS_KEY = "    plots:\n"
MAIN_METRIC = {"binary": "roc_auc", "multiclass": "roc_auc_ovr", "regression": "mae"}


def texts(draft: Draft, schema: Schema) -> dict[Path, str]:
    """Return the new content of the files that the task and the data's gaps change.

    Args:
        draft: what was found in the data.
        schema: the schema to be.

    Raises:
        InputError: params.yaml or dvc.yaml is not as it was generated, so that it cannot be
            changed by this program.
    """
    found = {paths.PARAMS: _params(draft, schema), paths.PIPELINE: _pipeline(schema)}
    return {path: text for path, text in found.items() if text != path.read_text(encoding="utf-8")}


def _params(draft: Draft, schema: Schema) -> str:
    before = load_params()
    text = paths.PARAMS.read_text(encoding="utf-8")
    old, new = ("Classifier", "Regressor")[:: 1 if schema.task == "regression" else -1]
    text = re.sub(rf"\b(\w+){old}\b", rf"\1{new}", text)
    for one, other in COUNTERPARTS.items():
        had, wanted = (one, other)[:: 1 if schema.task == "regression" else -1]
        text = re.sub(rf"(?<!\w){re.escape(had)}(?!\w)", wanted, text)
    if before.evaluate.main_metric not in METRICS[schema.task]:
        text = _set(text, "main_metric", MAIN_METRIC[schema.task])
    if (old in before.train.estimator) or before.evaluate.main_metric not in METRICS[schema.task]:
        text = _set(text, "scoring", SCORING[schema.task])
    if schema.task == "binary":
        text = _set(text, "threshold", f"{min(max(draft.positive_share, 0.01), 0.99):.2f}")
    unlabeled = draft.unlabeled / draft.rows
    if unlabeled > before.prepare.tolerance.unlabeled:
        text = _set(text, "unlabeled", f"{min(unlabeled * 1.1 + 0.01, 1):.2f}")
    return text


def _pipeline(schema: Schema) -> str:
    """Return dvc.yaml with the plots of the task; all else stays as it is.

    Raises:
        InputError: the last stage has no plots to put them in place of.
    """
    text = paths.PIPELINE.read_text(encoding="utf-8")
    start = text.rfind(PLOTS_KEY) + len(PLOTS_KEY)
    end = re.compile(r"^\s{0,4}\S|^\s*$|\Z", re.MULTILINE).search(text, start)
    if PLOTS_KEY not in text or end is None:
        raise InputError(
            f"{paths.PIPELINE} has no plots for the stage evaluate; restore it with: "
            f"git checkout -- {paths.PIPELINE}"
        )
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(entries(schema.task), stream)
    return text[:start] + indent(stream.getvalue(), " " * 4) + text[end.start() :]


def _set(text: str, key: str, value: str) -> str:
    """Set the one line of a text that has a key; the comment behind it stays where it is."""

    def changed(found: re.Match[str]) -> str:
        head, comment = found.groups()
        return f"{head}{value}  ".ljust(COMMENTS) + str(comment)

    text, count = re.subn(rf"^( +{key}: )\S+ *(#.*)$", changed, text, flags=re.MULTILINE)
    if count != 1:
        raise InputError(
            f"{paths.PARAMS}: expected one line {key!r}, found {count}; restore it with: "
            f"git checkout -- {paths.PARAMS}"
        )
    return text
