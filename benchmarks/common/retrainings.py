"""Train the sample's model again and again, and ask the gate; runs in a generated project.

Prints one JSON object for each training: what changed, the loss with its interval, the limit, and
the verdicts.
"""

import dataclasses
import json
import sys
from typing import Any

import numpy as np
from flight_delays.train import model

from tabrail import Project, fit, paths
from tabrail.config import Gate
from tabrail.data import tables
from tabrail.evaluation import replicates, slices
from tabrail.evaluation.metric_list import MetricList
from tabrail.evaluation.predictions import baseline, predict
from tabrail.evaluation.scored import score_split
from tabrail.model.derived import derive
from tabrail.model.limits import Predicted, hold
from tabrail.project.project import Split
from tabrail.review import gate, losses
from tabrail.review.snapshot import Snapshot

ONLY = ("main_metric", "slices")


class Retrainings:
    """A project whose model is trained on draws of its training rows and scored on validation."""

    def __init__(self) -> None:
        self.project = Project.load()
        self.train = self.project.split("train")
        self.validation = tables.read(paths.VALIDATION)
        names = [self.project.schema.target]
        self.constant = baseline(tables.read(paths.TRAIN, names), self.project.schema)

    def trained(
        self, metric: str, options: dict[str, Any], draw: int | None = None, estimator: str = ""
    ) -> Snapshot:
        """Return what the gate sees of a model.

        Args:
            metric: the main metric.
            options: of the estimator.
            draw: number of a bootstrap draw of the training rows; all of them as they are, if None.
            estimator: import path; that of params.yaml, if blank.
        """
        project = self._with(options, estimator)
        pipeline = fit(model(project), self._drawn(draw))
        schema = project.schema

        def scored(rows: Any) -> Predicted:
            return hold(np.asarray(pipeline.predict_proba(rows[schema.inputs])[:, 1]), [])

        predictions = predict(self.validation, scored, schema)
        labels = slices.labels(self.validation, schema, lambda rows: derive(pipeline, rows))
        params = project.params.evaluate.model_copy(update={"main_metric": metric})
        listed = MetricList.of(schema, None)
        found = score_split(predictions, self.constant, labels, listed, params)
        evaluation = {
            "main_metric": metric,
            "model": {"bytes": 0},
            "metrics": listed.content(),
            "validation": json.loads(json.dumps(found.content()).replace("NaN", "null")),
        }
        stored = replicates.parse(json.loads(replicates.text(metric, found)))
        return Snapshot(evaluation=evaluation, replicates=stored)

    def _with(self, options: dict[str, Any], estimator: str) -> Project:
        given = self.project.params
        path = estimator or given.train.estimator
        kind = path.rpartition(".")[2]
        known = {} if estimator else given.train.options.get(kind, {})
        train = given.train.model_copy(
            update={"estimator": path, "options": {kind: known | options}}
        )
        return dataclasses.replace(self.project, params=given.model_copy(update={"train": train}))

    def _drawn(self, draw: int | None) -> Split:
        if draw is None:
            return self.train
        rows, count = self.train, len(self.train.rows)
        places = np.random.default_rng(draw).integers(0, count, count)
        return dataclasses.replace(
            rows,
            rows=rows.rows.iloc[places].reset_index(drop=True),
            table=rows.table.iloc[places].reset_index(drop=True),
            y_true=rows.y_true[places],
            groups=rows.groups[places],
        )


def asked(what: str, base: Snapshot, head: Snapshot) -> None:
    """Print what the gate says of a change."""
    if base.replicates.model is None or head.replicates.model is None:
        sys.exit("the model was scored without replicates")
    name = base.evaluation["main_metric"]
    sign = -1 if name == "log_loss" else 1
    loss = losses.between(base.replicates.model, head.replicates.model, sign)
    numbers = base.evaluation["validation"]["metrics"][name]
    checks = {one.name: one for one in gate.checks(base, head, Gate(), {}) if one.name in ONLY}
    said = {
        "what": what,
        "metric": name,
        "before": numbers["value"],
        "loss": loss.value,
        "low": loss.low,
        "high": loss.high,
        "limit": loss.limit(None, losses.lead(numbers, sign)),
        "clear": loss.is_clear,
        **{name: one.verdict for name, one in checks.items()},
        "slices_say": checks["slices"].detail,
    }
    print(json.dumps(said), flush=True)


def main(count: int) -> None:
    """Ask the gate about honest retrainings."""
    runs = Retrainings()
    before = runs.trained("roc_auc", {}, 0)
    for draw in range(1, count + 1):
        after = runs.trained("roc_auc", {}, draw)
        asked("another draw of the training rows", before, after)
        before = after


if __name__ == "__main__":
    main(int(sys.argv[1]))
