"""Evaluate reports honestly: intervals, a baseline, slices, and a card that says so."""

import errno
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import edit, shops

from {{ cookiecutter.__package }} import (
    evaluate,
    paths,
    prepare,
    tables,
    train,
)
from {{ cookiecutter.__package }}.metrics import METRICS

Results = dict[str, Any]


def read_results() -> Results:
    """Return reports/evaluation.json."""
    results: Results = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    return results


@pytest.fixture
def evaluated(project: Path) -> Results:
    """Run all stages and return reports/evaluation.json."""
    for stage in (prepare, train, evaluate):
        stage.main()
    return read_results()


def test_metrics_are_flat_rounded_and_in_order(evaluated: Results) -> None:
    metrics = json.loads(paths.METRICS.read_text(encoding="utf-8"))
    assert list(metrics) == [
        f"{split}.{name}" for split in ("validation", "test") for name in METRICS
    ]
    assert all(isinstance(value, float) and value == round(value, 6) for value in metrics.values())


def test_every_metric_has_an_interval_and_a_baseline(evaluated: Results) -> None:
    for split in ("validation", "test"):
        for numbers in evaluated[split]["metrics"].values():
            assert numbers["low"] <= numbers["value"] <= numbers["high"]
            assert "baseline_value" in numbers
    assert evaluated["validation"]["metrics"]["roc_auc"]["baseline_value"] == 0.5
    assert evaluated["validation"]["metrics"]["roc_auc"]["low"] > 0.5


def test_slices_count_every_row_once(evaluated: Results) -> None:
    for split, path in (("validation", paths.VALIDATION), ("test", paths.TEST)):
        slices = evaluated[split]["slices"]["city"]
        assert set(slices) == {"NO", "Oslo", "Ulm"}
        assert sum(numbers["rows"] for numbers in slices.values()) == len(tables.read(path))


def test_small_slices_get_no_score(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(min_slice_rows=10_000))
    for stage in (prepare, train, evaluate):
        stage.main()
    assert all(s["value"] is None for s in read_results()["validation"]["slices"]["city"].values())
    assert "Not scored, for want of rows or of a class: city NO" in paths.MODEL_CARD.read_text(
        encoding="utf-8"
    )


def test_noise_is_not_sold_as_a_model(project: Path) -> None:
    noise = shops().assign(bought=shops(seed=9)["bought"])
    noise.to_csv("data/raw/shops.csv", index=False)
    for stage in (prepare, train, evaluate):
        stage.main()
    assert "cannot be told from the baseline's" in paths.MODEL_CARD.read_text(encoding="utf-8")


def test_plots_have_points_inside_their_axes(evaluated: Results) -> None:
    for name in ("roc", "precision_recall", "calibration"):
        curve = pd.read_csv(paths.PLOTS / f"{name}.csv")
        assert 2 <= len(curve) <= 202
        assert curve.to_numpy().min() >= 0
        assert curve.to_numpy().max() <= 1
    confusion = pd.read_csv(paths.PLOTS / "confusion.csv")
    assert confusion["rows"].sum() == len(tables.read(paths.VALIDATION))
    assert pd.read_csv(paths.PLOTS / "importance.csv")["column"][0] == "age"


def test_the_code_in_the_model_card_runs(evaluated: Results) -> None:
    card = paths.MODEL_CARD.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102
    assert len(scope["probability"]) == len(tables.read(paths.TEST))


def test_a_model_that_is_worse_than_the_baseline_is_called_so(project: Path) -> None:
    prepare.main()
    train.main()
    for path in (paths.VALIDATION, paths.TEST):
        table = tables.read(path)
        table.assign(bought=1 - table["bought"]).to_parquet(path)
    evaluate.main()
    assert "roc_auc is worse than the baseline's" in paths.MODEL_CARD.read_text(encoding="utf-8")


def test_slices_have_readable_names_and_lose_no_row(project: Path) -> None:
    def change(contract: Any) -> None:
        contract["columns"]["member"]["nullable"] = True
        contract["slices"] = ["member"]

    edit(Path("schema.yaml"), change)
    table = shops()
    table.assign(member=table["member"].where(table.index % 3 > 0)).to_csv(
        "data/raw/shops.csv", index=False
    )
    for stage in (prepare, train, evaluate):
        stage.main()
    slices = read_results()["validation"]["slices"]["member"]
    assert list(slices) == ["missing", "no", "yes"]
    assert sum(s["rows"] for s in slices.values()) == len(tables.read(paths.VALIDATION))


@pytest.mark.parametrize("failing", range(1, 10))
def test_a_full_disk_leaves_all_earlier_results(
    evaluated: Results, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    files = [paths.METRICS, paths.EVALUATION, paths.MODEL_CARD, *sorted(paths.PLOTS.glob("*.csv"))]
    before = [path.read_bytes() for path in files]
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(threshold=0.9, seed=1))
    written: list[Path] = []
    write_text = Path.write_text

    def full(path: Path, *arguments: Any, **options: Any) -> int:
        written.append(path)
        if len(written) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", full)
    if failing <= len(files):
        with pytest.raises(OSError, match="No space left"):
            evaluate.main()
        assert [path.read_bytes() for path in files] == before
        assert not list(Path().rglob("*.tmp"))
    else:
        evaluate.main()
        assert [path.read_bytes() for path in files] != before


def test_equal_runs_write_equal_bytes(evaluated: Results) -> None:
    files = [paths.METRICS, paths.EVALUATION, paths.MODEL_CARD, *sorted(paths.PLOTS.glob("*.csv"))]
    before = [path.read_bytes() for path in files]
    evaluate.main()
    assert [path.read_bytes() for path in files] == before
