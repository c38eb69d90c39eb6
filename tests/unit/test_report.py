"""The report is readable at a glance, whatever names and numbers there are."""

import json
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import PARAMS, SCHEMA
from runs import GATE, Repository, evaluation, replicates, run, score, write_results
from typer.testing import CliRunner

from tabrail.cli import app as cli
from tabrail.documents import load_yaml
from tabrail.errors import InputError
from tabrail.review import gate
from tabrail.review.base import Base
from tabrail.review.check import Check
from tabrail.review.differences import between
from tabrail.review.report import Report, report
from tabrail.review.snapshot import Snapshot

BASE = Base("origin/main", "0123abc" + "0" * 33)
HOSTILE = [
    'a|b"c`d',
    "<img src=x onerror=alert(1)>",
    "line\nbreak\r\n\ttab",
    "</details>\n\n# Title",
    "[link](https://example.com) ![x](y)",
    "*bold* _it_ ~~gone~~ $x$ &amp; \\",
    "```\nmermaid\n```",
    "%%{init: {}}%% --> ; end",
    "",
    "名前 ünïcode 🎈",
    "https://example.com www.example.com #12 GH-12 !12 @team",
]

BETTER = "better [+0.038, +0.062]"


def made(before: Snapshot, now: Snapshot, base: Base | None = BASE, **options: str) -> str:
    """Return the report's Markdown on two runs."""
    verdicts = gate.checks(before, now, GATE, {}) if base else []
    return Report(base, before, now, between(before, now), verdicts).markdown(**options)


def glance(markdown: str) -> list[str]:
    """Return what is seen before anything is unfolded."""
    return [line for line in markdown.partition("<details>")[0].splitlines() if line]


def widths(markdown: str) -> list[set[int]]:
    """Return the numbers of cells that the rows of each table have."""
    tables = re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE)
    return [
        {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1 for line in rows.splitlines()}
        for rows in tables
    ]


def test_a_change_at_a_glance() -> None:
    before = run(evaluation=evaluation({"roc_auc": 0.7}, {"Oslo": 0.7, "Ulm": 0.71}))
    params = deepcopy(PARAMS)
    params["train"]["seed"] = 1
    now = run(evaluation=evaluation({"roc_auc": 0.75}, {"Oslo": 0.8, "Ulm": 0.7}), params=params)
    text = made(before, now, plots_url="https://example.com/plots.html")
    assert (
        glance(text)
        == f"""
<!-- model report -->
## ✅ roc_auc 0.700 → 0.750: +0.050 {BETTER}
Compared with origin/main (0123abc), on validation. The gate passes.
- ⚠️ roc_auc is better on average, but worse in city Ulm (0.710 → 0.700 [-0.022, +0.003])
|  | before | now | difference |
| --- | --- | --- | --- |
| roc_auc on validation | 0.700 [0.680, 0.720] | 0.750 [0.730, 0.770] | +0.050 {BETTER} |
| baseline on validation | 0.500 | 0.500 |  |
```mermaid
---
config: {{xyChart: {{height: 300}}}}
---
xychart-beta
    title "roc_auc by slice (validation): bars now, line before"
    x-axis ["city Oslo", "city Ulm"]
    y-axis 0.500000 --> 0.830000
    bar [0.800000, 0.700000]
    line [0.700000, 0.710000]
```
[All plots, before and now](https://example.com/plots.html)
""".strip().splitlines()
    )
    assert re.findall(r"<summary>(.*?)</summary>", text) == [
        "Gate (9)",
        "All metrics (2)",
        "Slices of the validation split (2)",
        "Parameters (1)",
    ]
    assert "| train.seed | 0 | 1 |" in text


def of_rent(mean: float, std: float, rows: int = 2500, **column: Any) -> Snapshot:
    """Return a run of a regression whose target has such values."""
    schema = deepcopy(SCHEMA) | {"task": "regression", "target": "income"}
    schema["columns"]["income"].update(column)
    target = {"train": {"mean": mean, "std": std, "min": 0.0, "max": 9e9}}
    data = {"rows": {"raw": rows * 2, "train": rows}, "target": target}
    return run(evaluation=evaluation({"mae": mean / 20}), schema=schema, data=data)


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (
            (2500.0, 4000.0),
            (1321.0, 382.0),
            "mean 2,500 → 1,321, standard deviation 4,000 → 382.000",
        ),
        (
            (1321.0, 382.0),
            (1325.0, 900.0),
            "mean 1,321 → 1,325, standard deviation 382.000 → 900.000",
        ),
        ((1321.0, 382.0), (1330.0, 390.0), ""),
        ((1321.0, 382.0, 20), (1500.0, 500.0, 20), ""),  # by chance
    ],
)
def test_scores_of_a_target_with_other_values_are_not_comparable(
    before: Any, now: Any, why: str
) -> None:
    lines = glance(made(of_rent(*before), of_rent(*now)))
    assert ("not comparable" in lines[1]) == bool(why), lines[1]
    assert (f"The scores are not comparable: the target has other values: {why}." in lines[2]) == (
        bool(why)
    ), lines[2]


@pytest.mark.parametrize("changed", [{"max": 9000}, {"unit": "ct"}, {"kind": "categorical"}])
def test_scores_of_a_target_that_is_described_otherwise_are_not_comparable(changed: Any) -> None:
    lines = glance(made(of_rent(1321.0, 382.0), of_rent(1320.0, 382.0, **changed)))
    assert lines[1].endswith(": not comparable")
    assert f"describes the target otherwise: {next(iter(changed))}." in lines[2]
    same = glance(made(of_rent(1321.0, 382.0), of_rent(1320.0, 382.0, description="The rent")))
    assert "not comparable" not in same[1]


def test_scores_of_other_shares_of_classes_are_not_comparable() -> None:
    yes, no = (
        run(
            evaluation=evaluation({"roc_auc": value}),
            data={"rows": {"raw": 900, "train": 500}, "target": {"train": {"positive": share}}},
        )
        for value, share in ((0.7, 0.17), (0.75, 0.44))
    )
    assert "other values: 17% → 44% of the rows are positive." in glance(made(yes, no))[2]


def test_a_failure_at_a_glance() -> None:
    text = made(run(), run(evaluation=evaluation({"roc_auc": 0.6})))
    assert glance(text)[1] == "## ❌ roc_auc 0.700 → 0.600: -0.100 worse [-0.113, -0.088]"
    assert "- ❌ **main_metric**: roc_auc 0.700 → 0.600, clearly worse by 0.1 (95%" in text
    assert "The gate passes" not in text
    assert "- To accept a failure on purpose, run: `git commit --allow-empty" in text


def test_nothing_changed() -> None:
    lines = glance(made(run(), run()))
    assert lines[1:] == [
        "## ✅ Nothing changed",
        "No result, parameter, data, schema, stage or library differs from "
        "origin/main (0123abc). The gate passes.",
    ]


def test_the_first_run() -> None:
    text = made(Snapshot(), run(), base=None)
    assert glance(text)[1:3] == [
        "## roc_auc 0.700",
        "There is nothing to compare with yet. To name a commit, add `--base COMMIT`.",
    ]
    assert "line before" not in text
    assert "nan" not in text


def test_a_base_without_results() -> None:
    text = made(Snapshot(), run())
    assert "Compared with origin/main (0123abc), which has no results yet." in text


def test_no_results() -> None:
    text = made(run(), run(evaluation={}))
    assert glance(text)[1] == "## ❌ There are no results: run the pipeline and commit them"
    assert "- ❌ **gate**: there are no results" in text


def test_a_small_difference_is_a_number_all_the_same() -> None:
    params = PARAMS | {"train": PARAMS["train"] | {"rate": 0.0002}}
    before = run(params=PARAMS | {"train": PARAMS["train"] | {"rate": 0.0001}})
    text = made(before, run(params=params, evaluation=evaluation({"roc_auc": 0.70004})))
    assert "+4.00e-05 better [-0.012, +0.011]" in text
    assert "| train.rate | 0.0001 | 0.0002 |" in text


@pytest.mark.parametrize(
    ("before", "after", "headline"),
    [
        ({"mae": 1234.5}, {"mae": 1200.25}, "✅ mae 1,234 → 1,200: -34.250 better"),
        ({"mae": 9.0}, {"accuracy": 0.9}, "✅ accuracy 0.900"),
        ({"accuracy": 0.7}, {"accuracy": 0.7, "f1_macro": 0.2}, "✅ accuracy 0.700, as before"),
        ({"roc_auc": 0.7}, {"log_loss": 0.3, "roc_auc": 0.7}, "✅ log_loss 0.300"),
        ({"roc_auc": 0.7}, {"roc_auc": None}, "❌ roc_auc 0.700 → undefined: gone"),
        ({"roc_auc": None}, {"roc_auc": 0.7}, "✅ roc_auc undefined → 0.700: new"),
        ({"roc_auc": None}, {"roc_auc": None}, "❌ Nothing changed"),
    ],
)
def test_other_tasks_and_undefined_scores(
    before: dict[str, Any], after: dict[str, Any], headline: str
) -> None:
    worst = 2000.0 if "mae" in before else 0.9
    first, second = (
        run(
            evaluation=evaluation(
                metrics,
                {"Oslo": metrics[min(metrics)], "Ulm": None},
                baseline=worst if min(metrics) in {"mae", "log_loss"} else 0.5,
            )
        )
        for metrics in (before, after)
    )
    text = made(first, second)
    assert glance(text)[1].startswith(f"## {headline}")
    assert "nan" not in text
    assert "None" not in text
    assert all(len(table) == 1 for table in widths(text))


def test_scores_without_intervals_have_no_brackets() -> None:
    bare = {"roc_auc": score(0.7, None, baseline_value=None)}
    text = made(run(), run(evaluation=evaluation(bare, {"Oslo": score(0.7, None)})))
    assert "| roc_auc on validation | 0.700 [0.680, 0.720] | 0.700 |  |" in text


def test_a_chart_needs_something_to_draw() -> None:
    now = run(evaluation=evaluation(slices={}), importance={}, params={})
    assert "mermaid" not in made(run(), now)
    drawn = made(run(), run(evaluation=evaluation(slices={}), params={}))
    assert 'title "Importance: loss of roc_auc (validation): bars now, line before"' in drawn
    assert 'x-axis ["age", "city"]' in drawn


def test_axis_labels_are_short_and_differ() -> None:
    names = [f"The same long beginning of {i}" for i in range(12)]
    now = run(evaluation=evaluation(slices=dict.fromkeys(names, 0.8)))
    (axis,) = re.findall(r"x-axis \[(.*)\]", made(run(), now))
    labels = json.loads(f"[{axis}]")
    assert len(set(labels)) == 8
    assert all(len(label) <= 20 for label in labels)


def test_hostile_names_break_neither_tables_nor_the_chart() -> None:
    columns = {f"{name}{i}": {"kind": "text"} for i, name in enumerate(HOSTILE)}
    slices = dict.fromkeys(HOSTILE, 0.8)
    now = run(
        evaluation=evaluation(slices=slices),
        importance=dict.fromkeys(HOSTILE, 0.1),
        params=PARAMS | {name: {name: name} for name in HOSTILE},
        data={name: name for name in HOSTILE},
        schema=SCHEMA | {"columns": SCHEMA["columns"] | columns},
        stages={name: {"cmd": name} for name in HOSTILE},
        packages=dict.fromkeys(HOSTILE, '"1"|'),
    )
    accepted = Check("drift", "accepted", "\n".join(HOSTILE))
    verdicts = [*gate.checks(run(), now, GATE, {}), accepted]
    text = Report(BASE, run(), now, between(run(), now), verdicts).markdown()
    assert text.count("<details>") == text.count("</details>\n") == 8
    bare = re.sub(r"`[^`\n]*`", "", text)
    unescaped = re.sub(r"\\(?=\W)", "", bare)
    assert not re.search(r"https://example|www\.example|#12|GH-12|!12|@team", unescaped)
    assert not re.search(r"(?<!\\)<(?!!-- model report|/?details>|/?summary>)", bare)
    assert [line for line in text.splitlines() if line.startswith("#")] == [glance(text)[1]]
    assert text.count("```") == 2
    assert widths(text) == [{4}, {3}, {4}, {4}, {3}, {3}, {3}, {2}, {3}]
    (chart,) = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert len(chart.splitlines()) == 8
    (axis,) = re.findall(r"^    x-axis \[(.*)\]$", chart, re.MULTILINE)
    labels = json.loads(f"[{axis}]")
    assert len(labels) == len(set(labels)) == 8
    assert not set("".join(labels)) & set('"`|<>[]{}%;#\n\\')


@pytest.mark.parametrize(
    ("verdicts", "sign", "sentence"),
    [
        (["ok", "skipped"], "⚠️ ", " The gate passes."),  # the score is worse
        (["ok", "accepted"], "☑️ Accepted: ", "passes only because failures were accepted."),
        (["accepted", "FAILED"], "❌ ", "- To accept a failure on purpose"),
    ],
)
def test_what_was_accepted_is_no_success(verdicts: list[Any], sign: str, sentence: str) -> None:
    before, now = run(), run(evaluation=evaluation({"roc_auc": 0.6}))
    found = [Check("drift", verdict, "it moved") for verdict in verdicts]
    text = Report(BASE, before, now, between(before, now), found).markdown()
    title = next(line for line in text.splitlines() if line.startswith("## "))
    assert title.startswith(f"## {sign}")
    assert ("✅" in title) == (sign == "✅ ")
    assert sentence in text


def test_the_widest_change_fits_into_a_comment() -> None:
    names = [f"A column with quite a long name, number {i}" for i in range(2000)]
    columns: dict[str, Any] = {
        name: {"kind": "categorical", "categories": names[:100]} for name in names
    }
    now = run(
        evaluation=evaluation(slices={name: 0.73 - i / 9000 for i, name in enumerate(names)}),
        params=dict.fromkeys(names, names[:50]),
        data=dict.fromkeys(names, "x" * 1000),
        schema=SCHEMA | {"columns": columns},
        stages={name: {"cmd": "x", "deps": []} for name in names[:20]},
        packages=dict.fromkeys(names, "1.0"),
    )
    before = run(evaluation=evaluation(slices=dict.fromkeys(names, 0.7)))
    text = made(before, now)
    assert len(text) < 65_536
    assert "Slices of the validation split (2000)" in text
    assert "| and 1960 more |  |  |  |" in text
    assert "number 1999 | 0.700 [0.680, 0.720] | 0.508" in text  # the worst is among those shown


def test_own_libraries_come_first() -> None:
    before = run(packages={"attrs": "1", "numpy": "1"})
    text = made(before, run(packages={"attrs": "2", "numpy": "2"}))
    assert text.index("| numpy | 1 | 2 |") < text.index("| attrs | 1 | 2 |")


@pytest.fixture
def repository(project: Path) -> Repository:
    """Stand in a project with results, which is main, on a branch of its own."""
    Path("reports").mkdir()
    write_results(evaluation())
    repository = Repository()
    repository.on_main(repository.commit("Start"))
    repository.git("checkout", "--quiet", "-b", "mine")
    return repository


def worse(repository: Repository, *paragraphs: str) -> None:
    """Commit a worse model."""
    write_results(evaluation({"roc_auc": 0.6}))
    repository.commit(*paragraphs)


def verdicts(made: Report) -> dict[str, str]:
    """Return the verdicts by check."""
    return {check.name: check.verdict for check in made.gate}


def test_a_revert_is_not_told_to_accept_what_it_has_taken_back(repository: Repository) -> None:
    worse(repository, "Worse", "Accept-Gate: main_metric: it is half as large")
    repository.git("revert", "--no-edit", "HEAD")
    found = verdicts(report(None))
    assert found["main_metric"] == "ok"
    assert "acceptance" not in found
    write_results(evaluation({"roc_auc": 0.55}))
    repository.commit("Worse in another way")
    found = verdicts(report(None))
    assert found["main_metric"] == "FAILED"
    assert found["acceptance"] == "skipped"


def test_thresholds_are_the_bases(repository: Repository) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("max_loss:\n", "max_loss: 99\n", 1))
    worse(repository, "Worse")
    found = report(None)
    assert verdicts(found)["main_metric"] == "FAILED"
    assert found.gate[-1].detail == (
        "the section in params.yaml has changed; the next change is checked with it"
    )
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    repository.commit("Next")
    assert verdicts(report(None))["main_metric"] == "ok"


def test_who_sets_the_first_success_number_is_not_told_to_set_one(repository: Repository) -> None:
    repository.commit("Words", readme_md="# Words")
    (goal,) = (one for one in report(None).gate if one.name == "goal")
    assert goal.detail.startswith("no success number is set; write it in params.yaml")
    params = load_yaml(Path("params.yaml").read_text(encoding="utf-8"))
    params["gate"]["goal"] = {"at_least": 0.6}
    Path("params.yaml").write_text(json.dumps(params), encoding="utf-8")
    repository.commit("Set it")
    (goal,) = (one for one in report(None).gate if one.name == "goal")
    assert goal.verdict == "skipped"
    assert goal.detail.startswith("this change sets the first success number; it is checked from")


def test_a_gate_that_cannot_be_read_is_refused(repository: Repository) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(
        text.replace("  main_metric:\n    check", "  main_metric:\n    chekc")
    )
    worse(repository, "Worse")
    with pytest.raises(InputError, match=r"gate.main_metric.chekc: unknown key .did you mean"):
        report(None)


def test_a_base_without_a_gate_leaves_it_to_the_change(repository: Repository) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.partition("gate:")[0])
    repository.on_main(repository.commit("No gate"))
    Path("params.yaml").write_text(text)
    worse(repository, "Worse")
    assert verdicts(report(None))["main_metric"] == "FAILED"


def test_an_acceptance_ends_with_the_merge(repository: Repository) -> None:
    worse(repository, "Worse", "Accept-Gate: main_metric: it is half as large")
    assert verdicts(report(None))["main_metric"] == "accepted"
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "mine")
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    assert verdicts(report(None))["main_metric"] == "accepted"  # on main, beside the commit before
    write_results(evaluation({"roc_auc": 0.55}))
    repository.commit("Worse still")
    assert verdicts(report(None))["main_metric"] == "FAILED"


def test_a_mistyped_acceptance_is_reported(repository: Repository) -> None:
    worse(repository, "Worse", "Accept-Gate: main: it is half as large")
    found = report(None)
    assert verdicts(found)["main_metric"] == "FAILED"
    assert "accepts 'main', which is not a check" in found.gate[-1].detail


def run_cli(*arguments: str) -> tuple[int, str]:
    """Run the command and return its exit code and all that it prints."""
    done = CliRunner().invoke(cli.app, ["report", *arguments])
    return done.exit_code, done.output


def test_the_command_prints_markdown(repository: Repository) -> None:
    worse(repository, "Worse")
    code, printed = run_cli("--plots-url", "https://example.com")
    assert code == 0  # whatever it says
    assert printed.startswith(
        "<!-- model report -->\n\n## ❌ roc_auc 0.700 → 0.600: -0.100 worse [-0.113, -0.088]\n"
    )
    assert "(https://example.com)" in printed


def test_the_command_writes_to_a_file(repository: Repository) -> None:
    assert run_cli("--output", "out/report.md") == (0, "")
    assert Path("out/report.md").read_text(encoding="utf-8").endswith("</details>\n")


def test_the_command_prints_json(repository: Repository) -> None:
    worse(repository, "Worse")
    code, printed = run_cli("--json", "--base", "main")
    content = json.loads(printed)
    head = repository.git("rev-parse", "HEAD").strip()
    assert code == 0
    assert content["base"] == {
        "name": "main",
        "commit": repository.git("rev-parse", "main").strip(),
    }
    assert content["head"] == {"commit": head, "uncommitted": False}
    assert (content["main_metric"], content["changed"]) == ("roc_auc", True)
    assert content["metrics"][0]["direction"] == "worse"
    assert content["gate"][2]["verdict"] == "FAILED"


def test_no_report_is_exit_code_2(repository: Repository) -> None:
    code, printed = run_cli("--base", "origin/nowhere")
    assert (code, "error: this clone has no commit origin/nowhere" in printed) == (2, True)
    Path("reports/evaluation.json").write_text("{")
    assert run_cli()[0] == 2


def test_dates_in_params_are_text(repository: Repository) -> None:
    repository.on_main(repository.commit("Old", params_yaml="since: 2024-01-01\n"))
    Path("params.yaml").write_text(repository.git("show", "HEAD~1:params.yaml"))
    code, printed = run_cli("--json")
    assert code == 0
    assert {"name": "since", "base": "2024-01-01", "head": None} in json.loads(printed)["params"]


def test_scores_on_other_rows_are_said_to_be() -> None:
    def on(rows: str, groups: int) -> Snapshot:
        outs = [{"path": "data/prepared/validation.parquet", "md5": rows}]
        known = replicates(evaluation(), groups)
        return run(stages={"prepare": {"outs": outs}}, replicates=known)

    text = made(on("a", 1010), on("b", 1204))
    assert (
        "The validation rows are not the same as before: 1,010 rows or keys then, 1,204 now."
    ) in text
    assert "other rows" not in made(on("a", 1010), on("a", 1010))


def test_missing_raw_rows_are_in_the_headline() -> None:
    def heading(before: int, after: int) -> str:
        runs = [run(data={"rows": {"raw": count}}) for count in (before, after)]
        return next(line for line in made(runs[0], runs[1]).splitlines() if line.startswith("## "))

    assert heading(1900, 1600).endswith("roc_auc 0.700, as before, 300 raw rows fewer")
    assert heading(1600, 1599).endswith(", 1 raw row fewer")
    assert heading(1600, 1900).endswith("as before")


def test_a_report_is_made_without_what_trains_models() -> None:
    """Two seconds of processor time, of which scikit-learn alone would take more than one."""
    program = "import sys, tabrail.cli.app, tabrail.review.report; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, encoding="utf-8"
    )
    assert not {"sklearn", "skops", "dvc", "scipy.stats", "fastapi"} & set(done.stdout.split())
