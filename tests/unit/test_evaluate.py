"""Evaluate reports honestly: intervals, a baseline, slices, and a card that says so."""

import errno
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from sklearn import metrics as reference
from sklearn.dummy import DummyClassifier, DummyRegressor
from stages import evaluate, prepare, train
from test_curves import plots
from test_metrics import TASKS

from tabrail import Project, load_model, paths
from tabrail import evaluate as evaluate_by
from tabrail.data import tables
from tabrail.data.identity import mixed
from tabrail.data.schema import Task, encode_target, load_schema
from tabrail.errors import InputError
from tabrail.evaluation import importance
from tabrail.evaluation.evaluate import too_good
from tabrail.evaluation.metrics import METRICS
from tabrail.evaluation.reported import reported
from tabrail.model import file as model
from tabrail.model.predict import predict

Results = dict[str, Any]

MAIN: dict[Task, str] = {"binary": "roc_auc", "multiclass": "roc_auc_ovr", "regression": "rmse"}
SLICES: dict[Task, str] = {"binary": "city", "multiclass": "member", "regression": "city"}
TARGETS: dict[Task, str] = {"binary": "bought", "multiclass": "city", "regression": "income"}
ESTIMATORS: dict[Task, str] = {
    "binary": "sklearn.linear_model.LogisticRegression",
    "multiclass": "sklearn.tree.DecisionTreeClassifier",
    "regression": "sklearn.linear_model.LinearRegression",
}


def customers(task: Task) -> pd.DataFrame:
    """Return customers whose age says much of the target."""
    table = shops()
    noise = np.random.default_rng(1).normal(0, 9, len(table))
    if task == "multiclass":
        cities = pd.cut(table["age"] + noise, [-99, 40, 65, 199], labels=["Oslo", "NO", "Ulm"])
        return table.assign(city=cities.astype("str"))
    if task == "regression":
        return table.assign(income=table["age"] + noise)
    return table


def set_task(task: Task) -> None:
    """Let the project's schema, params and data be those of a task."""

    def schema(content: Any) -> None:
        content.update(task=task, target=TARGETS[task], slices=[SLICES[task]], time="seen")
        content["columns"]["note"]["kind"] = "ignored"  # words and dates take most of the time
        content["columns"]["seen"]["sensitive"] = True
        if task == "regression":
            content["columns"]["income"].update(nullable=False, unit="$")

    def params(content: Any) -> None:
        content["evaluate"].update(main_metric=MAIN[task], resamples=100)
        content["train"]["estimator"] = ESTIMATORS[task]
        content["train"]["options"]["DecisionTreeClassifier"] = {"min_samples_leaf": 20}

    edit(Path("schema.yaml"), schema)
    edit(Path("params.yaml"), params)
    customers(task).to_csv("data/raw/shops.csv", index=False)


def run_stages() -> None:
    """Run the whole pipeline."""
    for stage in (prepare, train, evaluate):
        stage.main()


def read_results() -> Results:
    """Return reports/evaluation.json."""
    results: Results = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    return results


def card() -> str:
    """Return the model card."""
    return paths.MODEL_CARD.read_text(encoding="utf-8")


def written(task: Task) -> list[Path]:
    """Return all files that evaluate writes."""
    tables_ = [paths.PLOTS / f"{name}.csv" for name in plots(task)]
    return [paths.METRICS, paths.EVALUATION, paths.REPLICATES, paths.MODEL_CARD, *tables_]


def validated(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return y_true and prediction of the validation rows."""
    schema = load_schema()
    pipeline, metadata = model.load(paths.MODEL, Path())
    rows = tables.read(paths.VALIDATION)
    y_true = encode_target(rows[TARGETS[task]], schema)
    return y_true, predict(pipeline, metadata, rows, schema)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps a finished project of each task."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest, project: Path, finished: Path) -> Task:
    """Stand in a project of this task whose stages have all run."""
    chosen: Task = request.param
    if not (finished / chosen).exists():
        set_task(chosen)
        run_stages()
        shutil.copytree(project, finished / chosen)
    shutil.copytree(finished / chosen, project, dirs_exist_ok=True)
    return chosen


def test_metrics_are_flat_rounded_and_in_order(task: Task) -> None:
    metrics = json.loads(paths.METRICS.read_text(encoding="utf-8"))
    assert list(metrics) == [
        f"{split}.{name}" for split in ("validation", "test") for name in METRICS[task]
    ]
    assert all(
        isinstance(value, float) and value == float(f"{value:.6g}") for value in metrics.values()
    )


def test_every_metric_has_an_interval_and_a_baseline(task: Task) -> None:
    results = read_results()
    for split in ("validation", "test"):
        for numbers in results[split]["metrics"].values():
            assert numbers["low"] <= numbers["value"] <= numbers["high"]
            assert numbers["baseline_low"] <= numbers["baseline_high"]
    numbers = results["validation"]["metrics"][MAIN[task]]
    sign = reported(MAIN[task]).sign
    bounds = [sign * numbers[bound] for bound in ("low", "high")]
    assert min(bounds) > sign * numbers["baseline_value"]


def test_the_baseline_is_that_of_scikit_learn(task: Task) -> None:
    y_true, _ = validated(task)
    training = tables.read(paths.TRAIN)
    learned = encode_target(training[TARGETS[task]], load_schema())
    found = read_results()["validation"]["metrics"]
    if task == "regression":
        constant = DummyRegressor().fit(learned[:, None], learned).predict(y_true[:, None])
        wanted = {"r2": reference.r2_score(y_true, constant)}
        wanted["mae"] = reference.mean_absolute_error(y_true, constant)
    else:
        dummy = DummyClassifier(strategy="prior").fit(learned[:, None], learned)
        shares = dummy.predict_proba(y_true[:, None])
        wanted = {"log_loss": reference.log_loss(y_true, shares)}
        wanted["roc_auc" if task == "binary" else "roc_auc_ovr"] = 0.5
    assert {name: found[name]["baseline_value"] for name in wanted} == pytest.approx(
        wanted, rel=1e-5, abs=1e-6
    )


def test_slices_count_every_row_once(task: Task) -> None:
    for split, path in (("validation", paths.VALIDATION), ("test", paths.TEST)):
        slices = read_results()[split]["slices"][SLICES[task]]
        assert list(slices) == (["no", "yes"] if task == "multiclass" else ["NO", "Oslo", "Ulm"])
        table = tables.read(path)
        assert sum(numbers["rows"] for numbers in slices.values()) == len(table)
        positives = [numbers.get("positive") for numbers in slices.values()]
        if task == "binary":
            assert sum(positives) == table["bought"].sum()
        else:
            assert set(positives) == {None}


def test_slices_are_scored_with_the_main_metric(task: Task) -> None:
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(min_slice_rows=1))
    evaluate.main()
    y_true, prediction = validated(task)
    rows = tables.read(paths.VALIDATION)
    chosen = (rows["member"] == 1) if task == "multiclass" else (rows["city"] == "Oslo")
    slices = read_results()["validation"]["slices"][SLICES[task]]
    found = slices["yes" if task == "multiclass" else "Oslo"]
    y_true, prediction = y_true[chosen], prediction[chosen]
    wanted = (
        reference.root_mean_squared_error(y_true, prediction)
        if task == "regression"
        else reference.roc_auc_score(y_true, prediction, multi_class="ovr")
    )
    assert found["value"] == pytest.approx(wanted, rel=1e-5, abs=1e-6)


def test_slices_have_readable_names_and_lose_no_row(project: Path) -> None:
    def change(schema: Any) -> None:
        schema["columns"]["member"]["nullable"] = True
        schema["slices"] = ["member"]

    set_task("binary")
    edit(Path("schema.yaml"), change)
    table = shops()
    table.assign(member=table["member"].where(table.index % 3 > 0)).to_csv(
        "data/raw/shops.csv", index=False
    )
    run_stages()
    slices = read_results()["validation"]["slices"]["member"]
    assert list(slices) == ["missing", "no", "yes"]
    assert sum(s["rows"] for s in slices.values()) == len(tables.read(paths.VALIDATION))


def test_small_slices_get_no_score(task: Task) -> None:
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(min_slice_rows=10_000))
    evaluate.main()
    slices = read_results()["validation"]["slices"][SLICES[task]]
    assert all(numbers["value"] is None for numbers in slices.values())
    first = f"{SLICES[task]} {next(iter(slices))}"
    assert f"These slices have too few rows or lack a class, and are not scored: {first}" in card()


def test_noise_is_not_sold_as_a_model(task: Task) -> None:
    table = customers(task)
    noise = table[TARGETS[task]].sample(frac=1, random_state=0).to_numpy()
    table.assign(**{TARGETS[task]: noise}).to_csv("data/raw/shops.csv", index=False)
    run_stages()
    assert re.search(r"(does not differ clearly from|is worse than) the baseline's", card())


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_a_model_that_is_worse_than_the_baseline_is_called_so(task: Task) -> None:
    for path in (paths.VALIDATION, paths.TEST):
        table = tables.read(path)
        table.assign(bought=1 - table["bought"]).to_parquet(path)
    evaluate.main()
    assert "roc_auc is worse than the baseline's" in card()


def test_plots_have_what_dvc_draws(task: Task) -> None:
    drawn = {name: pd.read_csv(paths.PLOTS / f"{name}.csv") for name in plots(task)}
    for name, shown in plots(task).items():
        assert {shown["x"], shown["y"]} <= set(drawn[name].columns)
        assert 2 <= len(drawn[name]) <= 202
        if shown["template"] == "curve":
            assert drawn[name].to_numpy().min() >= 0
            assert drawn[name].to_numpy().max() <= 1
    assert drawn["importance"]["column"][0] == "age"
    assert drawn["importance"]["importance"][0] > 0
    if task != "regression":
        assert drawn["confusion"]["rows"].sum() == len(tables.read(paths.VALIDATION))
        assert set(drawn["confusion"]["actual"]) == set(load_schema().classes)


@pytest.mark.parametrize(
    ("task", "metric"),
    [("binary", "precision"), ("multiclass", "log_loss"), ("regression", "median_absolute_error")],
    indirect=["task"],
)
def test_any_metric_of_the_task_may_be_the_main_one(task: Task, metric: str) -> None:
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(main_metric=metric))
    evaluate.main()
    assert f"| **{metric}** |" in card()
    importance = pd.read_csv(paths.PLOTS / "importance.csv")
    assert importance["column"][0] == "age"
    assert importance["importance"][0] > 0


def test_a_metric_of_another_task_is_refused(task: Task) -> None:
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(main_metric="rocauc"))
    with pytest.raises(InputError, match="'rocauc' is not a metric of a"):
        evaluate.main()


def test_rows_count_as_much_as_their_weight(project: Path, task: Task) -> None:
    def change(schema: Any) -> None:
        schema["columns"]["w"] = {"kind": "numeric", "min": 0}
        schema["weight"] = "w"

    edit(Path("schema.yaml"), change)
    customers(task).assign(w=lambda t: t.index % 4).to_csv("data/raw/shops.csv", index=False)
    run_stages()
    y_true, prediction = validated(task)
    weights = tables.read(paths.VALIDATION)["w"]
    if task == "regression":
        wanted = reference.root_mean_squared_error(y_true, prediction, sample_weight=weights)
    else:
        wanted = reference.roc_auc_score(
            y_true, prediction, multi_class="ovr", sample_weight=weights
        )
    found = read_results()["validation"]["metrics"]
    assert found[MAIN[task]]["value"] == pytest.approx(wanted, rel=1e-5, abs=1e-6)
    training = tables.read(paths.TRAIN)
    if task == "binary":
        share = np.average(training["bought"], weights=training["w"])
        brier = reference.brier_score_loss(
            y_true, np.full(len(y_true), share), sample_weight=weights
        )
        assert found["brier"]["baseline_value"] == pytest.approx(brier, rel=1e-5, abs=1e-6)
    assert "Rows are weighted by w." in card()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.filterwarnings("error::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("rows", [1, 3, 12])
def test_a_few_rows_of_one_outcome_are_reported_as_such(
    task: Task, rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tables.read(paths.VALIDATION)
    alike = table[table[TARGETS[task]] == table[TARGETS[task]][0]].iloc[[0] * rows]
    alike.assign(customer=[f"new {i}" for i in range(rows)]).to_parquet(paths.VALIDATION)
    capsys.readouterr()
    evaluate.main()
    undefined = "r2" if task == "regression" else MAIN[task]
    assert json.loads(paths.METRICS.read_text())[f"validation.{undefined}"] is None
    assert pd.read_csv(paths.PLOTS / "importance.csv").notna().all(axis=None)
    printed = capsys.readouterr().out
    for text in (printed, card(), paths.METRICS.read_text(), paths.EVALUATION.read_text()):
        assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    if task == "regression" and rows < 10:
        assert "(no interval: " in printed


@pytest.mark.parametrize("task", ["multiclass"], indirect=True)
def test_a_class_that_training_has_not_is_scored_all_the_same(task: Task) -> None:
    table = tables.read(paths.TRAIN)
    table[table["city"] != "Ulm"].to_parquet(paths.TRAIN)
    train.main()
    evaluate.main()
    scores = pd.read_csv(paths.PLOTS / "class_scores.csv").set_index("class")
    assert scores.loc["Ulm", "f1"] == 0
    assert read_results()["validation"]["metrics"]["log_loss"]["value"] > 1


def test_the_code_in_the_model_card_runs(task: Task) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", card(), flags=re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102
    rows = len(tables.read(paths.TEST))
    assert scope["predictions"].shape == ((rows, 3) if task == "multiclass" else (rows,))


def test_the_model_card_says_what_the_target_is_like(task: Task) -> None:
    head = re.escape(f"| {TARGETS[task]} | train | validation | test |\n")
    assert re.search(head, card())
    lines = {
        "binary": [r"\| positive \| \d+\.\d% \| \d+\.\d% \| \d+\.\d% \|"],
        "multiclass": [rf"\| {name} \| \d+\.\d% \|" for name in ("NO", "Oslo", "Ulm")],
        "regression": [rf"\| {name} \| -?\d+\.\d+ \|" for name in ("mean", "minimum")],
    }
    for line in lines[task]:
        assert re.search(line, card())
    what = {
        "binary": "bought (task: binary)",
        "multiclass": "city, one of 3 classes (task: multiclass)",
        "regression": r"income in \$ (task: regression)",
    }
    assert f"| Predicts | {what[task]} |" in card()


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_the_model_card_says_how_the_model_came_to_be(task: Task) -> None:
    def change(content: Any) -> None:
        content["train"]["estimator"] = "sklearn.tree.DecisionTreeClassifier"
        content["train"]["search"].update(
            method="random",
            folds=2,
            values={"DecisionTreeClassifier": {"max_depth": [1, 2]}},
        )

    assert "Rows are split by a hash of customer." in card()
    assert "| Search |" not in card()
    edit(Path("params.yaml"), change)
    train.main()
    edit(Path("params.yaml"), lambda p: p["prepare"]["split"].update(method="time"))
    evaluate.main()
    found = "these options scored best of 2 in a cross-validation of 2 folds"
    assert f"| Search | random: {found} on the training rows" in card()
    assert re.search(r"`sklearn.tree.DecisionTreeClassifier` with .*max_depth=[12]", card())
    assert "The latest rows by seen are the test split" in card()


def test_names_cannot_break_the_model_card(project: Path) -> None:
    names = {"NO": "a|b", "Oslo": "*bold* <b>", "Ulm": "[x](y)\n# head"}

    def change(schema: Any) -> None:
        schema["columns"]["city"]["categories"] = list(names.values())
        schema["columns"]["shop|<i>"] = {"kind": "numeric"}
        schema["columns"]["<u>|"] = {"kind": "categorical", "categories": ["_x_", "~~y~~"]}
        schema["slices"] = ["<u>|"]

    set_task("multiclass")
    edit(Path("schema.yaml"), change)
    table = customers("multiclass").replace({"city": names})
    table["<u>|"] = table["member"].map({True: "_x_", False: "~~y~~"})
    table.assign(**{"shop|<i>": 1}).to_csv("data/raw/shops.csv", index=False)
    run_stages()
    text = card()
    for raw in ("<b>", "<i>", "<u>", "*bold*", "[x]", "\n# head", " _x_", "~~y"):
        assert raw not in text
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line[:1] == "|"]
    heads = [len(re.findall(r"\|", line)) for line in text.splitlines() if line[:5] == "| ---"]
    assert set(cells) == set(heads)


@pytest.mark.parametrize("task", ["binary"], indirect=True)
@pytest.mark.parametrize("failing", range(1, 11))
def test_a_full_disk_leaves_all_earlier_results(
    task: Task, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    files = written(task)
    before = [path.read_bytes() for path in files]
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(threshold=0.9, seed=1))
    tried: list[Path] = []
    write_text = Path.write_text

    def full(path: Path, *arguments: Any, **options: Any) -> int:
        tried.append(path)
        if len(tried) == failing:
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


def test_equal_runs_write_equal_bytes(task: Task) -> None:
    contents = []
    for _ in range(2):
        evaluate.main()
        contents.append([path.read_bytes() for path in written(task)])
    assert contents[0] == contents[1]


def test_a_wide_table_is_measured_where_it_matters(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance, "MOST_COLUMNS", 5)
    random = np.random.default_rng(0)
    noise = {f"noise_{place}": random.random(600) for place in range(9)}
    table = pd.concat([shops(), pd.DataFrame(noise)], axis=1)
    table.to_csv("data/raw/shops.csv", index=False)

    def widen(schema: Any) -> None:
        schema["columns"].update({name: {"kind": "numeric"} for name in noise})

    edit(Path("schema.yaml"), widen)
    for stage in (prepare, train, evaluate):
        stage.main()
    found = pd.read_csv(paths.PLOTS / "importance.csv")
    assert 0 < len(found) <= 5  # the key is none of them
    assert found["column"][0] == "age"


@pytest.mark.parametrize("task", ["binary"], indirect=True)
@pytest.mark.parametrize(
    ("keys", "printed", "in_card"),
    [
        (15, "no interval: too few rows or keys", None),
        (30, "rough: of 30 rows or keys", "Those on validation are rough: it has only 30 keys."),
        (60, "95% interval", None),
    ],
)
def test_an_interval_of_few_keys_comes_with_a_word(
    task: Task, keys: int, printed: str, in_card: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tables.read(paths.VALIDATION)
    numbers = np.arange(len(table), dtype=np.uint64) % np.uint64(keys)
    table.assign(group_hash=mixed(numbers)).to_parquet(paths.VALIDATION, index=False)
    evaluate.main()
    said = capsys.readouterr().out
    assert printed in said
    assert ("rough" in said) == (in_card is not None)
    assert ("are rough" in card()) == (in_card is not None)
    assert in_card is None or in_card in card()


@pytest.mark.parametrize("task", ["binary"], indirect=True)
@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["roc_auc", "accuracy"], "accuracy is computed at a threshold of 0.3."),
        (["roc_auc", "precision", "recall", "f1"], "precision, recall and f1 are computed at a t"),
        (["roc_auc", "brier"], "Decisions are made at a threshold of 0.3."),
    ],
)
def test_the_model_card_says_what_the_threshold_decides(
    task: Task, names: list[str], sentence: str
) -> None:
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(threshold=0.3))
    project = Project.load()
    evaluate_by(project, load_model(project), names)
    assert f" {sentence}" in card()
    assert f"| {names[-1]} |" in card()


@pytest.mark.parametrize(
    ("name", "value", "baseline", "warned"),
    [
        ("roc_auc", 0.995, 0.5, True),
        ("roc_auc", 0.985, 0.5, False),
        ("r2", 0.999, 0.0, True),
        ("roc_auc_ovr", 1.0, 0.5, True),
        ("accuracy", 0.995, 0.4, True),
        ("accuracy", 0.995, 0.99, False),  # one class has nearly all rows
        ("mae", 120.0, 300.0, False),
    ],
)
def test_a_score_that_is_rarely_true_is_warned_of(
    name: str, value: float, baseline: float, warned: bool
) -> None:
    found = too_good({name: {"value": value, "baseline_value": baseline}})
    assert bool(found) is warned
    assert ("reports/model_card.md" in found) is warned
