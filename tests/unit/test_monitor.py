"""Monitoring finds what has moved, keeps silent about chance, and says what to do first."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from runs import Repository
from stages import evaluate, prepare, train
from typer.testing import CliRunner

from tabrail import paths
from tabrail.batch import predict
from tabrail.cli import app as cli
from tabrail.data import tables
from tabrail.data.conform import conform
from tabrail.data.distributions import describe_scores
from tabrail.data.schema import Task
from tabrail.documents import to_json
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.log import reading
from tabrail.log.entries import DECISIONS, OUTCOMES, Prediction, Refusal, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import Release, load_release
from tabrail.monitoring import clusters, drift, expected, monitor, period
from tabrail.monitoring.page import page
from tabrail.monitoring.period import Period
from tabrail.monitoring.window import midnight

WEEKS = 4
TARGETS: dict[Task, str] = {"binary": "bought", "multiclass": "city", "regression": "income"}
ESTIMATORS: dict[Task, str] = {
    "binary": "sklearn.linear_model.LogisticRegression",
    "multiclass": "sklearn.tree.DecisionTreeClassifier",
    "regression": "sklearn.linear_model.LinearRegression",
}
METRICS: dict[Task, str] = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}
Change = Callable[[pd.DataFrame], pd.DataFrame]


def customers(rows: int, seed: int) -> pd.DataFrame:
    """Return rows of whom `age` says much of every target, and nothing else says anything."""
    table = shops(rows, seed)
    noise = np.random.default_rng(seed + 1).normal(0, 9, rows)
    cities = pd.cut(table["age"] + noise, [-99, 40, 65, 199], labels=["Oslo", "NO", "Ulm"])
    return table.assign(city=cities.astype("str"), income=table["age"] + noise)


def set_task(task: Task) -> None:
    def schema(content: Any) -> None:
        content.update(task=task, target=TARGETS[task])
        content["slices"] = ["member"] if task == "multiclass" else ["city"]
        content["columns"]["note"]["kind"] = "ignored"  # words take most of the time
        if task == "regression":
            content["columns"]["income"]["nullable"] = False

    def params(content: Any) -> None:
        content["train"]["estimator"] = ESTIMATORS[task]
        if task == "multiclass":
            content["train"]["options"] = {"DecisionTreeClassifier": {"min_samples_leaf": 50}}
        content["evaluate"]["main_metric"] = METRICS[task]

    edit(Path("schema.yaml"), schema)
    edit(Path("params.yaml"), params)
    customers(3000, 0).to_csv("data/raw/shops.csv", index=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps a finished project of each task."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def stand_in(project: Path, trained: Path) -> Callable[[Task], Release]:
    """Return what lets a test stand in a finished project of a task."""

    def stand(task: Task) -> Release:
        if not (trained / task).exists():
            set_task(task)
            for stage in (prepare, train, evaluate):
                stage.main()
            shutil.copytree(project, trained / task)
        shutil.copytree(trained / task, project, dirs_exist_ok=True)
        return load_release()

    return stand


@pytest.fixture
def model(stand_in: Callable[[Task], Release]) -> Release:
    """Stand in a finished project of two classes; return its model."""
    return stand_in("binary")


def fresh(seed: int, rows: int = 300) -> pd.DataFrame:
    """Return rows of customers whom training has not seen."""
    table = customers(rows, 100 + seed)
    return table.assign(customer=f"{seed}-" + table["customer"])


def said(model: Release, number: Any) -> str:
    match model.schema.task:
        case "binary":
            return model.schema.classes[int(number >= model.params.evaluate.threshold)]
        case "multiclass":
            return model.schema.classes[int(np.argmax(number))]
    return repr(float(number))


def fill(
    model: Release,
    weeks: list[pd.DataFrame],
    *,
    version: str = "",
    latency: float = 5.0,
    review: bool = False,
    reason: str = "",
    challenger: Callable[[np.ndarray], np.ndarray] | None = None,
    new: str = "new",
    outcomes: bool = True,
) -> PredictionLog:
    """Write a week's predictions for each table, the last week ending when today began."""
    log, today = PredictionLog(), midnight(utc_now())
    known: dict[str, str] = {}
    target = model.schema.target
    for week, table in enumerate(weeks):
        if not len(table):
            continue
        typed, _ = conform(table, model.schema)
        numbers = model.predict(typed)
        others = challenger(numbers) if challenger else numbers
        start = today - timedelta(days=7 * (len(weeks) - week)) + timedelta(minutes=1)
        entries: list[Prediction | Refusal] = []
        rows = json.loads(table.drop(columns=target).to_json(orient="records", date_format="iso"))
        for place, row in enumerate(rows):
            number = np.atleast_1d(numbers[place]).tolist()
            at = start + timedelta(days=6.9) * place / len(rows)
            entry = Prediction(
                id=uuid4().hex,
                role="champion",
                at=at,
                model=version or model.version,
                answered=True,
                row=row,
                numbers=number,
                prediction=said(model, numbers[place]),
                review=review,
                latency_ms=latency,
                request=uuid4().hex,
                reason=reason,
            )
            entries.append(entry)
            if challenger:
                other = np.atleast_1d(others[place]).tolist()
                words = said(model, others[place])
                entries.append(
                    replace(entry, role="challenger", model=new, numbers=other, prediction=words)
                )
            if outcomes:
                y_true = table[target].iloc[place]
                is_flag = model.schema.columns[target].kind == "boolean"
                known[entry.id] = ("yes" if y_true else "no") if is_flag else str(y_true)
        log.write(entries)
    log.record(OUTCOMES, known)
    return log


def about(found: list[Any]) -> set[tuple[str, str]]:
    return {(one.check, one.about) for one in found}


def weeks(change: Change | None = None, last: int = WEEKS) -> list[pd.DataFrame]:
    """Return four weeks' rows, of which the last ones are changed."""
    made = [fresh(seed) for seed in range(WEEKS)]
    if change:
        made[WEEKS - last :] = [change(table) for table in made[WEEKS - last :]]
    return made


def older(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(age=(table["age"] + 25).clip(upper=110))


@pytest.mark.parametrize("task", TARGETS)
def test_nothing_is_said_of_rows_like_those_of_training(
    task: Task, stand_in: Callable[[Task], Release]
) -> None:
    fill(stand_in(task), weeks())
    result = monitor.monitor([])
    assert (result.verdict, result.code, result.alerts) == ("well", 0, [])
    assert [one.rows for one in result.periods] == [300] * WEEKS
    checks = {one.check for one in result.series}
    assert {"volume", "drift", "scores", "main_metric", "slices", "latency"} <= checks
    assert "All is well in 1,200 rows" in result.text()
    live = f"  live  {result.expected.metric}: "
    assert live in result.text()
    assert "or better was expected" in result.text().partition(live)[2]
    assert "All is well" in page(result)


@pytest.mark.parametrize(("rows", "runs"), [(50, 60), (200, 60), (2_000, 40), (20_000, 20)])
def test_chance_raises_no_alert(rows: int, runs: int, model: Release) -> None:
    """Reshuffled training rows, all columns together, with a single period: 1 in 20 at most."""
    training, usual = tables.read(paths.TRAIN), expected.here(model.version)
    alarms = 0
    for seed in range(runs):
        table = training.sample(rows, replace=True, random_state=seed, ignore_index=True)
        table = table.drop(columns="bought")
        whole = Period("all", len(table), table, model.predict(table))
        alarms += bool(monitor.run_checks("rows", usual, [whole]).alerts)
    assert alarms < runs / 20


def test_live_performance_like_that_of_the_evaluation_raises_no_alert(
    model: Release,
) -> None:
    """With a single period, where nothing has to last: three checks, each wrong in 1 of 40."""
    usual = expected.here(model.version)
    alarms = 0
    for seed in range(40):
        table, _ = conform(fresh(seed, 600), model.schema)
        whole = Period("all", len(table), table, model.predict(table))
        result = monitor.run_checks("rows", usual, [whole])
        alarms += bool(result.alerts)
    assert alarms <= 4


@pytest.mark.parametrize("rows", [200, 2_000])
def test_a_shift_is_found_and_told_in_words(rows: int, model: Release) -> None:
    fill(model, [older(fresh(seed, rows)) for seed in range(WEEKS)], outcomes=False)
    result = monitor.monitor([])
    assert {("drift", "age"), ("scores", "")} <= about(result.alerts)
    [alert] = [one for one in result.alerts if one.about == "age"]
    assert re.search(r"median from 5\d.* to 7\d", alert.what)
    assert alert.since == result.periods[0].begin
    twice = replace(result, alerts=[alert, alert])
    assert twice.text().count("        First: ") == 2  # at each, as on the page


def test_an_alert_has_to_last(model: Release) -> None:
    fill(model, weeks(older, last=1), outcomes=False)
    result = monitor.monitor([])
    assert ("drift", "age") in about(result.notes)
    assert result.code == 0
    assert "All is well" not in result.text() + page(result)


def test_an_alert_says_since_when(model: Release) -> None:
    fill(model, weeks(older, last=2), outcomes=False)
    result = monitor.monitor([])
    [alert] = [one for one in result.alerts if one.about == "age"]
    assert alert.since == result.periods[2].begin


def test_a_column_that_hardly_counts_raises_no_alert(model: Release) -> None:
    fill(model, weeks(lambda table: table.assign(member=True)), outcomes=False)
    usual = expected.here(model.version)
    assert usual.importance["member"] < 0.01
    result = monitor.monitor([])
    assert ("drift", "member") in about(result.notes)
    assert re.search(r"no from \d\d\.\d% to 0\.0%", result.text())
    assert not result.alerts


def test_rows_of_one_key_count_as_less(model: Release) -> None:
    """Whole days of weather: each key has one value, and few keys differ much by chance."""
    random = np.random.default_rng(0)
    trained = np.sort(random.normal(size=200)).repeat(60)
    known = {
        "missing": 0.0,
        "values": np.quantile(trained, np.linspace(0, 1, 21), method="lower").tolist(),
        "up_to": np.linspace(0.05, 1, 21).tolist(),
    }
    groups = np.arange(30).repeat(60)
    values = pd.Series(random.normal(size=30).repeat(60))
    added = clusters.chance(known, values, groups, len(trained))
    assert added > 0.5
    mixed = values.sample(frac=1, random_state=0, ignore_index=True)
    assert clusters.chance(known, mixed, groups, len(trained)) < added / 5
    assert clusters.chance(known, values, np.arange(len(values)), len(trained)) == 0


def test_missing_values_raise_an_alert(model: Release) -> None:
    edit(Path("schema.yaml"), lambda c: c["columns"]["age"].update(nullable=True))
    gap: Change = lambda t: t.assign(age=t["age"].where(t.index % 2 == 0))  # noqa: E731
    fill(model, weeks(gap), outcomes=False)
    result = monitor.monitor([])
    assert ("missing", "age") in about(result.alerts)
    assert "missing in 50.0% of the rows, 0.0% in training" in result.text()


def test_refusals_and_errors_raise_alerts(model: Release) -> None:
    log, now = fill(model, weeks()), utc_now()
    for day in range(1, 28):
        at = now - timedelta(days=day)
        broken = [Refusal(at, 500, "", "broken", 1, uuid4().hex, 1) for _ in range(3)]
        log.write([Refusal(at, 422, "age", "out_of_range", 9, uuid4().hex, 9), *broken])
    result = monitor.monitor([])
    assert {("refused", ""), ("errors", "")} <= about(result.alerts)
    assert "most often age: out_of_range" in result.text()


def test_slow_answers_and_many_reviews_raise_alerts(model: Release) -> None:
    fill(model, weeks(), latency=900.0, review=True)
    assert {("latency", ""), ("review", "")} <= about(monitor.monitor([]).alerts)


def test_silence_raises_an_alert(model: Release) -> None:
    made = weeks()
    made[2:] = [made[2].iloc[:0], made[3].iloc[:0]]
    fill(model, made)
    result = monitor.monitor([])
    assert ("volume", "") in about(result.alerts)
    assert result.alerts[0].since == result.periods[2].begin


def test_worse_live_performance_raises_an_alert(model: Release) -> None:
    def shuffled(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(bought=table["bought"].sample(frac=1, random_state=0).to_numpy())

    fill(model, weeks(shuffled))
    result = monitor.monitor([])
    assert ("main_metric", "") in about(result.alerts)
    assert "ALERT roc_auc is worse than expected: 0." in result.text()
    assert "  live  " not in result.text()
    assert "<h2>Live performance</h2>" in page(result)


def test_probabilities_that_are_off_raise_an_alert(model: Release) -> None:
    seldom: Change = lambda t: t.assign(bought=t["bought"] & (t.index % 3 > 0))  # noqa: E731
    fill(model, weeks(seldom))
    result = monitor.monitor([])
    assert ("calibration", "") in about(result.alerts)
    assert re.search(r"observed \d.*% \(95% interval .*\), predicted \d\d\.\d%", result.text())


def test_too_few_rows_tell_nothing(model: Release) -> None:
    fill(model, [older(fresh(seed, 30)) for seed in range(WEEKS)])
    result = monitor.monitor([])
    assert (result.verdict, result.code) == ("unknown", 2)
    assert "the largest of 4 periods has 30 rows; at least 50 are needed" in result.text()


def test_an_empty_log_is_said(model: Release) -> None:
    done = CliRunner().invoke(cli.app, ["monitor"])
    assert done.exit_code == 2
    assert "has no prediction from" in done.stderr
    assert "(it has none)" in done.stderr


def test_without_a_model_it_cannot_tell(project: Path) -> None:
    fresh(0).to_csv("new.csv", index=False)
    done = CliRunner().invoke(cli.app, ["monitor", "new.csv"])
    assert done.exit_code == 2
    assert "error: " in done.stderr


def test_tables_are_periods(model: Release) -> None:
    for number in range(2):
        fresh(number).to_csv(f"{number}.csv", index=False)
    older(fresh(3)).drop(columns="bought").to_csv("old.csv", index=False)
    done = CliRunner().invoke(cli.app, ["monitor", "0.csv", "1.csv", "--json"])
    content = json.loads(done.stdout)
    assert (done.exit_code, content["verdict"]) == (0, "well")
    assert [period["outcomes"] for period in content["periods"]] == [300, 300]
    assert not {"volume", "latency", "errors"} & {one["check"] for one in content["checks"]}
    done = CliRunner().invoke(cli.app, ["monitor", "old.csv"])
    assert done.exit_code == 1
    assert "ALERT age moved away from training" in done.stdout
    fresh(1, 30).to_csv("few.csv")
    done = CliRunner().invoke(cli.app, ["monitor", "few.csv"])
    assert done.exit_code == 2
    assert "Put the rows of a longer time into one table" in done.stdout
    done = CliRunner().invoke(cli.app, ["monitor", "old.csv", "--since", "3d"])
    assert done.exit_code == 2


def test_a_table_of_a_period_needs_no_identifier(model: Release) -> None:
    shops(200, seed=3).drop(columns="customer").to_csv("0.csv", index=False)
    done = CliRunner().invoke(cli.app, ["monitor", "0.csv", "--json"])
    assert done.exit_code in (0, 1, 2)
    assert json.loads(done.output)["periods"][0]["rows"] == 200


def test_rows_of_a_table_that_break_the_contract_are_counted(model: Release) -> None:
    table = fresh(0)
    table.loc[table.index % 3 == 0, "age"] = 900
    table.to_csv("new.csv", index=False)
    result = monitor.monitor([Path("new.csv")])
    assert (result.periods[0].rows, result.periods[0].refused) == (200, 100)
    assert ("refused", "") in about(result.alerts)


def test_a_long_table_is_looked_at_in_part(model: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period, "MAX_ROWS", 100)
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=70))
    fresh(0, 500).to_csv("new.csv", index=False)
    [found] = monitor.monitor([Path("new.csv")]).periods
    assert (found.rows, len(found.table), len(found.numbers)) == (500, 100, 100)


def test_predictions_are_no_rows(model: Release) -> None:
    fresh(0).to_csv("new.csv", index=False)
    predict(Path("new.csv"), Path("scores.parquet"))
    with pytest.raises(InputError, match=r"scores\.parquet has predictions, and monitor needs the"):
        monitor.monitor([Path("scores.parquet")])


def test_a_folder_may_hold_what_is_no_table(model: Release) -> None:
    Path("in").mkdir()
    fresh(0).to_csv("in/a.csv", index=False)
    for name in ("b.csv.part", "notes.txt"):
        Path("in", name).touch()
    result = monitor.monitor([Path("in")])
    assert [one.name for one in result.periods] == ["a.csv"]
    assert "notes.txt: left out, because it is not a table" in result.text()


def test_a_challenger_is_compared_on_the_same_rows(model: Release) -> None:
    random = np.random.default_rng(0)
    fill(model, weeks(), challenger=lambda numbers: random.permutation(numbers))
    result = monitor.monitor([])
    assert result.challenger is not None
    assert (result.challenger["both"], result.challenger["outcomes"]) == (1200, 1200)
    assert result.challenger["metric"]["high"] < 0
    assert "new is worse than the champion: roc_auc differs by -0." in result.text()
    assert "<h2>The challenger</h2>" in page(result)


@pytest.mark.parametrize("task", TARGETS)
def test_an_equal_challenger_is_not_said_to_be_better(
    task: Task, stand_in: Callable[[Task], Release]
) -> None:
    fill(stand_in(task), weeks(), challenger=lambda numbers: numbers)
    challenger = monitor.monitor([]).challenger
    assert challenger is not None
    assert challenger["equal"] == 1
    assert "not known yet whether" in challenger["sentence"]


def test_a_challenger_without_outcomes_waits_for_them(model: Release) -> None:
    fill(model, weeks(), challenger=lambda numbers: numbers, outcomes=False)
    challenger = monitor.monitor([]).challenger
    assert challenger is not None
    assert "of the rows that both have scored, 0 outcomes are known" in challenger["sentence"]


def test_predictions_of_another_model_need_its_reports(model: Release) -> None:
    fill(model, weeks(), version="model@v0.1.0")
    with pytest.raises(InputError, match=r"from model@v0\.1\.0"):
        monitor.monitor([])
    repository = Repository()
    Path(".gitignore").write_text("/data\n/log\n/models\n", encoding="utf-8")
    repository.commit()
    repository.git("tag", "model@v0.1.0")
    Path("reports/evaluation.json").write_text("{}", encoding="utf-8")  # of a later run
    result = monitor.monitor([])
    assert result.expected.version == "model@v0.1.0"
    assert result.verdict == "well"


def released(version: str) -> None:
    """Commit the project and tag it."""
    repository = Repository()
    Path(".gitignore").write_text("/data\n/log\n/models\n", encoding="utf-8")
    repository.commit()
    repository.git("tag", version)


def test_a_bundle_needs_no_git(model: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(model, weeks(), version="model@v0.1.0")
    files = {paths.MODEL.as_posix(): md5(paths.MODEL)}
    note = {"version": "model@v0.1.0", "commit": "0" * 40, "files": files}
    paths.RELEASE.write_text(json.dumps(note), encoding="utf-8")
    paths.LOCK.unlink(missing_ok=True)
    monkeypatch.setenv("PATH", str(Path("empty").resolve()))
    assert monitor.monitor([]).verdict == "well"


def test_an_edit_of_params_judges_no_released_model(model: Release) -> None:
    fill(model, weeks(), version="model@v0.1.0")
    released("model@v0.1.0")
    before = monitor.monitor([])
    assert before.alerts == []

    def edited(params: Any) -> None:
        params["evaluate"].update(threshold=0.99, min_slice_rows=1)
        params["monitor"].update(psi=1e-9, calibration=0.0, margin=0.0, persistence=1, missing=0)

    edit(Path("params.yaml"), edited)
    after = monitor.monitor([])
    assert after.alerts == []
    assert [one.points for one in after.series] == [one.points for one in before.series]


def test_a_challenger_is_scored_by_its_own_threshold(model: Release) -> None:
    """Half the probability, from half the threshold on: the decisions are the same."""
    edit(Path("params.yaml"), lambda params: params["evaluate"].update(main_metric="f1"))
    evaluate.main()
    fill(
        model,
        weeks(),
        version="model@v0.1.0",
        challenger=lambda numbers: numbers / 2,
        new="model@v0.2.0",
    )
    released("model@v0.1.0")
    found = monitor.monitor([]).challenger
    assert found is not None
    assert "fetch its tag with: git fetch --tags" in found["sentence"]
    half = model.params.evaluate.threshold / 2
    edit(Path("params.yaml"), lambda params: params["evaluate"].update(threshold=half))
    released("model@v0.2.0")
    found = monitor.monitor([]).challenger
    assert found is not None
    assert found["metric"] == {"name": "f1", "value": 0, "low": 0, "high": 0}


def test_a_model_that_was_registered_while_it_served_is_one_model(model: Release) -> None:
    fill(model, weeks()[:2])
    fill(model, weeks()[2:], version="model@v0.1.0")
    repository = Repository()
    Path(".gitignore").write_text("/data\n/log\n/models\n", encoding="utf-8")
    digest = md5(paths.MODEL)
    Path("dvc.lock").write_text(f"- path: {paths.MODEL}\n  md5: {digest}\n", encoding="utf-8")
    repository.commit()
    repository.git("tag", "model@v0.1.0")
    assert model.version == f"md5:{digest[:12]}"
    result = monitor.monitor([])
    assert result.expected.version == "model@v0.1.0"
    assert sum(one.rows for one in result.periods) == 1200
    assert sum(one.by_other_models for one in result.periods) == 0


def test_rows_of_earlier_models_are_left_out(model: Release) -> None:
    fill(model, weeks()[:2], version="earlier")
    fill(model, weeks()[2:])
    result = monitor.monitor([])
    assert sum(one.by_other_models for one in result.periods) == 600
    assert "600 rows were left out, because other models answered them" in result.text()


def test_a_window_can_be_chosen(model: Release) -> None:
    fill(model, weeks())
    since, until = (f"{utc_now() - timedelta(days=ago):%Y-%m-%d}" for ago in (14, 7))
    assert sum(one.rows for one in monitor.monitor([], since, until).periods) == 300
    with pytest.raises(InputError, match="is not before"):
        monitor.monitor([], "7d", "14d")


def test_json_has_all_of_it(model: Release) -> None:
    fill(model, weeks(older), challenger=lambda numbers: numbers)
    done = CliRunner().invoke(cli.app, ["monitor", "--json"])
    content = json.loads(done.stdout)
    keys = ["verdict", "model", "source", "periods", "alerts", "notes", "checks"]
    keys += ["set_aside", "challenger"]
    assert (done.exit_code, list(content)) == (1, keys)
    assert content["alerts"][0].keys() == {"check", "about", "what", "since", "first"}
    for check in content["checks"]:
        assert len(check["periods"]) == WEEKS
        assert check.keys() == {"check", "about", "limit", "may_alert", "periods"}


class Tags(HTMLParser):
    """Counts tags, and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1
        if tag not in {"meta", "link"}:
            self.open.append(tag)
        if tag == "svg":
            assert dict(attrs)["aria-label"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole(model: Release) -> None:
    fill(model, weeks(older), challenger=lambda numbers: numbers)
    done = CliRunner().invoke(cli.app, ["monitor", "--output", "out/page.html"])
    assert done.exit_code == 1
    said = CliRunner().invoke(cli.app, ["monitor", "--output", "page.pdf"])
    assert said.exit_code == 2
    assert "choose a name that ends in .html" in said.stderr
    text = Path("out/page.html").read_text(encoding="utf-8")
    found = Tags()
    found.feed(text)
    assert not found.open
    assert found.count["svg"] > 10
    assert found.count["h1"] == 1
    assert not found.count["script"]
    assert not re.search(r"https?:|url\(|@import", text)
    assert "<title>Alert: Shops</title>" in text


def test_the_page_shows_names_as_they_are(model: Release) -> None:
    edit(Path("schema.yaml"), lambda c: c.update(name="<b>Shops</b> & $model"))
    fill(model, weeks(older))
    text = page(monitor.monitor([]))
    assert "&lt;b&gt;Shops&lt;/b&gt; &amp; $model" in text


def failed(at: datetime, status: int = 503, bad: int = 1) -> Refusal:
    return Refusal(at, status, "", "unavailable", 1, uuid4().hex, bad)


def test_an_outage_raises_an_alert_at_once(model: Release) -> None:
    made = weeks()
    made[-1] = made[-1].iloc[:20]
    log = fill(model, made)
    log.write([failed(utc_now() - timedelta(hours=hour)) for hour in range(100)])
    result = monitor.monitor([])
    assert about(result.alerts) == {("errors", "")}
    assert "100 of 120 requests" in result.text()


def test_silence_of_some_days_raises_an_alert(model: Release) -> None:
    now = midnight(utc_now())
    fill(model, weeks(), outcomes=False)
    for ago, alerts in ((0, set()), (1, set()), (3, {("volume", "")})):
        end = f"{now + timedelta(days=ago):%Y-%m-%d}"
        assert about(monitor.monitor([], "2000-01-01", end).alerts) == alerts
        assert about(monitor.monitor([], "", end).alerts) == alerts


def test_shares_of_requests_are_not_of_rows(model: Release) -> None:
    """Twenty requests of many rows, of which one is slow, and ten that failed."""
    now = utc_now() - timedelta(minutes=1)
    [row] = json.loads(
        fresh(0, 1).drop(columns="bought").to_json(orient="records", date_format="iso")
    )
    entries: list[Prediction | Refusal] = []
    for number in range(20):
        request, latency = uuid4().hex, 900.0 if number == 0 else 5.0
        entries += [
            Prediction(
                uuid4().hex,
                "champion",
                now + timedelta(seconds=number),
                model.version,
                True,
                row,
                [0.5],
                "yes",
                False,
                latency,
                request,
            )
            for _ in range(50)
        ]
    with PredictionLog() as log:
        log.write(entries)
    with PredictionLog() as log:
        log.write([failed(now) for _ in range(2)])
    assert ("errors", "") not in about(monitor.monitor([]).alerts)  # may be an accident
    with PredictionLog() as log:
        log.write([failed(now) for _ in range(8)])
    result = monitor.monitor([])
    assert "10 of 30 requests" in result.text()
    assert ("errors", "") in about(result.alerts)
    assert ("latency", "") not in about(result.alerts)


def test_a_violation_that_is_gone_raises_no_alert(model: Release) -> None:
    def strange(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(city=table["city"].mask(table.index % 6 == 0, "Rome"))

    names = []
    for number in range(WEEKS):
        table = strange(fresh(number)) if number < 2 else fresh(number)
        table.to_csv(f"{number}.csv", index=False)
        names.append(Path(f"{number}.csv"))
    unseen = ("violations", "city: unseen_category")
    assert unseen in about(monitor.monitor(names[:2]).alerts)
    result = monitor.monitor(names)
    assert unseen not in about(result.alerts + result.notes)


@pytest.mark.parametrize("task", ["multiclass", "binary"])
def test_outcomes_of_an_unknown_class_are_left_out(
    task: Task, stand_in: Callable[[Task], Release]
) -> None:
    model, made = stand_in(task), weeks()
    target = model.schema.target
    for table in made:
        table[target] = table[target].astype("object").mask(table.index % 5 == 0, "purple")
    made[0].to_csv("new.csv", index=False)
    if task == "multiclass":
        fill(model, made)
        result = monitor.monitor([])
        assert [one.labeled(target).sum() for one in result.periods] == [240] * WEEKS
        assert (
            "240 outcomes were left out, because the model's schema does not allow" in result.text()
        )
    found = monitor.monitor([Path("new.csv")])
    assert (found.periods[0].rows, found.periods[0].outcomes_not_allowed) == (300, 60)
    assert found.periods[0].labeled(target).sum() == 240


def test_it_is_said_how_often_people_agree(model: Release) -> None:
    log = fill(model, weeks(), review=True)
    entries = log.waiting(40)
    other = {"yes": "no", "no": "yes"}
    log.record(
        DECISIONS,
        {
            one["id"]: other[one["prediction"]] if place < 10 else one["prediction"]
            for place, one in enumerate(entries)
        },
    )
    result = monitor.monitor([])
    assert "People agreed with the model in 30 of 40 reviews" in result.text()
    periods = result.content()["periods"]
    assert sum(one["decisions"] for one in periods) == 40
    assert sum(one["decisions_as_predicted"] for one in periods) == 30


def test_what_was_drawn_at_random_is_told_apart(model: Release) -> None:
    log = fill(model, weeks(), review=True, reason="share")
    right = {one["id"]: one["prediction"] for one in log.waiting(40)}
    log.record(DECISIONS, right)
    result = monitor.monitor([])
    assert "In the reviews drawn at random, they agreed in 40 of 40" in result.text()
    periods = result.content()["periods"]
    assert sum(one["drawn_decisions"] for one in periods) == 40
    assert sum(one["drawn_as_predicted"] for one in periods) == 40
    # All of them went to people, and none because it was close.
    assert ("review", "") not in about(result.alerts) | about(result.notes)


@pytest.mark.parametrize(
    ("place", "seen"),
    [
        ("data/raw", True),
        ("data/raw/shops.csv", True),
        ("data/../data/raw/shops.csv", True),
        ("data/prepared/train.parquet", True),
        ("data/prepared/test.parquet", False),
        ("new.csv", False),
    ],
)
def test_rows_from_which_the_model_learned_are_said_to_be(
    model: Release, place: str, *, seen: bool
) -> None:
    fresh(0).to_csv("new.csv", index=False)
    result = monitor.monitor([Path("new.csv"), Path(place)])
    said = "The model may have learned from rows of data"
    assert (said in result.text()) == seen
    assert (said in page(result)) == seen
    assert (said in result.content().get("remark", "")) == seen


def test_close_calls_that_were_drawn_too_are_close_calls(model: Release) -> None:
    fill(model, weeks(), review=True, reason="margin share")
    assert ("review", "") in about(monitor.monitor([]).alerts)


def test_numbers_that_people_give_are_not_compared_with_equality(
    stand_in: Callable[[Task], Release],
) -> None:
    log = fill(stand_in("regression"), weeks(), review=True, reason="share")
    log.record(DECISIONS, {one["id"]: "1.5" for one in log.waiting(40)})
    assert "People reviewed 40 predictions" in (text := monitor.monitor([]).text())
    assert "agreed" not in text


def test_close_calls_in_tables_are_counted(model: Release) -> None:
    fresh(0).to_csv("new.csv", index=False)
    edit(Path("params.yaml"), lambda p: p["serve"].update(review_margin=0.5))
    assert ("review", "") in about(monitor.monitor([Path("new.csv")]).alerts)
    edit(Path("params.yaml"), lambda p: p["serve"].update(review_margin=0))
    assert ("review", "") not in about(monitor.monitor([Path("new.csv")]).alerts)


def test_where_the_log_is_is_not_told(model: Release) -> None:
    fill(model, weeks(older))
    result = monitor.monitor([])
    assert "sqlite" not in result.text() + page(result) + json.dumps(result.content())


def test_periods_begin_at_midnight(model: Release) -> None:
    fill(model, weeks(), outcomes=False)
    now = midnight(utc_now())
    begins = [f"{now - timedelta(days=7 * ago):%Y-%m-%d}" for ago in range(WEEKS, 0, -1)]
    assert [one.begin for one in monitor.monitor([]).periods] == begins


def test_a_log_is_read_in_parts(model: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(model, weeks(older), challenger=lambda numbers: numbers)
    whole = monitor.monitor([]).content()
    monkeypatch.setattr(reading, "PART", 101)
    assert monitor.monitor([]).content() == whole


def test_only_the_last_period_keeps_its_rows(model: Release) -> None:
    fill(model, weeks(), challenger=lambda numbers: numbers)
    *others, last = monitor.monitor([]).periods
    assert {frozenset(one.table) for one in others} == {frozenset({"bought", *model.schema.key})}
    assert set(model.schema.features) <= set(last.table)
    assert [len(one.table) for one in (*others, last)] == [300] * WEEKS


def part_of(rows: np.ndarray) -> period.Part:
    """Return a part whose rows are known by their numbers."""
    none = pd.DataFrame(index=range(len(rows)))
    return period.Part(pd.DataFrame({"x": rows}), rows, none, none, np.empty(0))


@pytest.mark.parametrize("size", [1, 7, 30, 90])
def test_a_sample_does_not_depend_on_the_parts(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period, "MAX_ROWS", 40)
    sample = period.Sample()
    for start in range(0, 90, size):
        sample.add(part_of(np.arange(start, min(90, start + size))))
    places = np.sort(np.argsort(np.random.default_rng(0).random(90))[:40])
    found = sample.fill(period.Period("now"))
    assert found.table["x"].tolist() == found.numbers.tolist() == places.tolist()


def test_few_rows_are_all_kept_and_none_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period, "MAX_ROWS", 40)
    sample = period.Sample()
    assert sample.fill(period.Period("now")).numbers.tolist() == []
    sample.add(part_of(np.arange(30)))
    assert sample.fill(period.Period("now")).numbers.tolist() == list(range(30))


def test_early_rows_are_as_likely_as_late_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period, "MAX_ROWS", 1000)
    sample = period.Sample()
    for start in range(0, 20_000, 100):
        sample.add(part_of(np.arange(start, start + 100)))
    found = sample.fill(period.Period("now")).numbers
    assert len(found) == 1000
    assert 420 < (found < 10_000).sum() < 580


def test_a_crash_is_no_alert(model: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(model, weeks(), outcomes=False)
    whole = Path("reports/evaluation.json").read_text(encoding="utf-8")
    Path("reports/evaluation.json").write_text("{", encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["monitor"])
    assert done.exit_code == 2
    assert "error: reports/evaluation.json of " in done.stderr
    Path("reports/evaluation.json").write_text(whole, encoding="utf-8")
    monkeypatch.setattr(monitor, "run_checks", lambda *_: 1 / 0)
    done = CliRunner().invoke(cli.app, ["monitor"])
    assert done.exit_code == 2
    assert "ZeroDivisionError" in done.stderr


def test_numbers_that_many_rows_have_do_not_move_by_being_rounded(model: Release) -> None:
    """A tree's leaves: reports have 6 digits of 1/12, and rows have all of them."""
    leaves = np.repeat([1 / 15, 1 / 12, 1 / 3, 2 / 3], 100)
    usual = expected.here(model.version)
    written = json.loads(to_json(describe_scores(leaves, model.schema)))
    usual = replace(usual, evaluation=usual.evaluation | {"scores": written})
    rows = pd.DataFrame(index=range(400))
    [same] = drift.scores(Period("a", 400, rows, leaves), usual).values()
    assert (same.value, same.beyond) == (0, False)
    others = np.repeat([1 / 15, 1 / 12, 1 / 3, 2 / 3], [10, 20, 70, 300])
    [moved] = drift.scores(Period("a", 400, rows, others), usual).values()
    assert moved.beyond
