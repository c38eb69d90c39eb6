"""The plots of each task: which table under reports/plots each shows, and how dvc.yaml says so."""

from dataclasses import asdict, dataclass
from typing import Any

from tabrail import paths
from tabrail.data.schema import Task


@dataclass(frozen=True)
class Plot:
    """One entry under `plots` of the evaluate stage.

    Attributes:
        name: of the table, without its ending.
        template: a file in .dvc/plots, without its ending.
        x: the table's column on the horizontal axis.
        y: the table's column on the vertical axis.
        x_label: what the horizontal axis is called.
        y_label: what the vertical axis is called.
        title: what stands above the plot.
    """

    name: str
    template: str
    x: str
    y: str
    x_label: str
    y_label: str
    title: str


IMPORTANCE = Plot(
    name="importance",
    template="importance",
    x="importance",
    y="column",
    x_label="Permutation importance (drop in score)",
    y_label="Column",
    title="Most important columns (validation)",
)

PLOTS: dict[Task, tuple[Plot, ...]] = {
    "binary": (
        Plot(
            name="roc",
            template="curve",
            x="false_positive_rate",
            y="true_positive_rate",
            x_label="False positive rate",
            y_label="True positive rate",
            title="ROC curve (validation)",
        ),
        Plot(
            name="precision_recall",
            template="curve",
            x="recall",
            y="precision",
            x_label="Recall",
            y_label="Precision",
            title="Precision and recall (validation)",
        ),
        Plot(
            name="calibration",
            template="curve",
            x="predicted",
            y="observed",
            x_label="Mean predicted probability",
            y_label="Observed share of positives",
            title="Calibration (validation)",
        ),
        Plot(
            name="confusion",
            template="confusion_counts",
            x="predicted",
            y="actual",
            x_label="Predicted class",
            y_label="Actual class",
            title="Confusion matrix (validation)",
        ),
        IMPORTANCE,
    ),
    "multiclass": (
        Plot(
            name="confusion",
            template="confusion_classes",
            x="predicted",
            y="actual",
            x_label="Predicted class",
            y_label="Actual class",
            title="Confusion matrix (validation)",
        ),
        Plot(
            name="class_scores",
            template="class_scores",
            x="f1",
            y="class",
            x_label="F1",
            y_label="Class",
            title="Scores of the classes (validation)",
        ),
        Plot(
            name="calibration",
            template="curve",
            x="predicted",
            y="observed",
            x_label="Mean probability of the predicted class",
            y_label="Observed share of right predictions",
            title="Calibration (validation)",
        ),
        IMPORTANCE,
    ),
    "regression": (
        Plot(
            name="calibration",
            template="line",
            x="predicted",
            y="actual",
            x_label="Mean prediction",
            y_label="Mean of what came true",
            title="Calibration (validation)",
        ),
        Plot(
            name="errors",
            template="line",
            x="error",
            y="share",
            x_label="Absolute error",
            y_label="Share of rows with at most this error",
            title="Absolute errors (validation)",
        ),
        IMPORTANCE,
    ),
}


def entries(task: Task) -> list[dict[str, dict[str, Any]]]:
    """Return what dvc.yaml has under `plots` of the evaluate stage."""
    written = {"cache": False, "persist": True}
    listed = []
    for plot in PLOTS[task]:
        shown = asdict(plot)
        path = (paths.PLOTS / f"{shown.pop('name')}.csv").as_posix()
        listed.append({path: written | shown})
    return listed
