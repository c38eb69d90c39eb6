"""The life of a model of one use case, and its results."""

import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
from generated_project import (
    Folder,
    OtherwiseError,
    Server,
    generated,
    given_origin,
    served,
    table_rows,
)
from ruamel.yaml import YAML
from use_case_papers import write_papers
from use_case_tables import Case, edited, learned, misunderstood, table, written

from tabrail.data.cells import TRUE
from tabrail.data.schema import Schema

HEADERS = (
    "| Use case | Understood | Asked or warned | Left out | Score | Experiment | Checklist "
    "| Serving | Alerts of another month | Alerts of a normal month |"
)
SCORE = re.compile(r"alidation (\w+): (\S+) \((.*?)baseline (\S+?)\)")
VERSION = "v0.1.0"


class Life:
    """The life of a model.

    Attributes:
        case: the use case.
        cells: what is noted, by the columns of the table in the end.
        wrong: the expectations that failed.
        steps: what is done, in this order.
    """

    def __init__(self, case: Case, home: Any) -> None:
        """Begin in an empty folder."""
        self.case, self.cells, self.wrong = case, dict[str, str](), list[str]()
        self.home = Folder(home, shown=10_000, width=10_000)
        self.people = Folder(home / case.name, shown=10_000, width=10_000)
        self.steps: list[Callable[[], None]] = [
            *(self.generate, self.answer, self.experiment),
            *(self.fail_the_checklist, self.pass_the_checklist, self.serve, self.monitor),
        ]

    def row(self) -> str:
        """Return a line of the Markdown table."""
        names = [name.strip() for name in HEADERS.strip("|").split("|")][1:]
        cells = [self.case.name, *(self.cells.get(name, "-") for name in names)]
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    def generate(self) -> None:
        """Generate a project from the table and its target."""
        case = self.case
        file = written(case, self.home.path)
        said = generated(self.home, f"data_file={file}", f"target={case.target}")
        print(said)
        self._note_score(said)
        lines = [line.strip() for line in said.splitlines()]
        warnings = [line.removeprefix("WARNING: ") for line in lines if line.startswith("WARNING")]
        self.cells["Asked or warned"] = "; ".join(_short(one) for one in warnings) or "nothing"
        for sentence in misunderstood(case, self._schema(), said):
            self._otherwise(sentence)

    def answer(self) -> None:
        """Answer what the summary asks, rebuild, and push for the first time."""
        for command in self.case.commands:
            self.people.uv(*command)
        file = self.people.path / "schema.yaml"
        file.write_text(edited(self.case, file.read_text(encoding="utf-8")), encoding="utf-8")
        schema = self._schema()
        self._expect(schema.task == self.case.task, f"the task is {schema.task}")
        out = learned(self.case, schema)
        self._expect(not out, f"the model learns from {', '.join(out)}")
        self.cells["Left out"] = ", ".join(
            name for name in schema.columns if name not in (*schema.features, schema.target)
        )
        kinds = ", ".join(f"{name}: {schema.columns[name].kind}" for name in schema.features)
        key = f"; key {', '.join(schema.key)}" if schema.key else "; no key"
        self.cells["Understood"] = f"{schema.task}; {kinds}{key}"
        if self.case.edits or self.case.commands:
            self._note_score(self.people.uv("dvc", "repro"))
            self._commit("Answer what the summary asks", push=False)
        given_origin(self.home, self.people)

    def experiment(self) -> None:
        """Try one parameter, look at the difference, and go back."""
        model = (
            f"HistGradientBoosting{'Regressor' if self.case.task == 'regression' else 'Classifier'}"
        )
        setting = self.case.experiment.format(model=model)
        said = self.people.uv(
            *("dvc", "exp", "run", "--name", "trial", "--message", "Is it better?"),
            *("--set-param", setting),
        )
        self.people.uv("dvc", "metrics", "diff")
        self.people.uv("dvc", "exp", "show", "--only-changed", "--csv")
        found = SCORE.search(said)
        self._expect(bool(found), "the experiment prints no score")
        self.cells["Experiment"] = f"{setting.rpartition('.')[2]}: {found[2]}" if found else "-"
        self.people.run("git", "restore", "--staged", "--worktree", ".")
        self.people.uv("dvc", "checkout")

    def fail_the_checklist(self) -> None:
        """Run the launch checklist before any page is written, up to the runbook."""
        lines = self.people.until(" runbook: ", "tabrail", "checklist")
        found = [re.match(r"FAILED +(\w+): (.*)", line) for line in lines]
        failed = {one[1]: one[2] for one in found if one}
        missing = {"plan", "datasheet", "decisions", "card"} - failed.keys()
        self._expect(not missing, f"unwritten pages pass the checklist: {', '.join(missing)}")
        self.cells["Checklist"] = f"first refused: {', '.join(failed)}; then "

    def pass_the_checklist(self) -> None:
        """Write the pages, release a version, and pass the checklist."""
        write_papers(self.people.path, self.case)
        self._note_score(self.people.uv("dvc", "repro"))
        self._commit("Say what only people know")
        failed = self._checklist()
        self._expect(not failed, f"the checklist fails: {failed}")
        self.cells["Checklist"] += f"failed: {', '.join(failed)}" if failed else "passed"
        self.people.uv("gto", "register", "model", "--version", VERSION, "--push")
        stage = ("--version", VERSION, "--stage", "staging", "--push")
        self.people.uv("gto", "assign", "model", *stage)

    def serve(self) -> None:
        """Send good, broken and strange rows."""
        schema = self._schema()
        good = table_rows(self.people, "data/prepared/test.parquet")[0]
        month = json.loads(table(self.case, "normal").head(1).to_json(orient="records"))[0]
        good, month = ({name: row[name] for name in schema.features} for row in (good, month))
        good, month = as_sent(good, schema), as_sent(month, schema)
        highest = {
            name: schema.columns[name].max
            for name in schema.features_of("numeric")
            if schema.columns[name].max is not None
        }
        answers = []
        with served(self.people, f"model@{VERSION}") as server:
            said = self._send(server, "test row", good, 200)
            self._expect("warnings" not in said or not _warned(said), "a test row gets a warning")
            self._send(server, "row as in the table", month, 200)
            refusal = self._send(server, "broken", month | dict(self.case.broken), 422)
            silent = [name for name in self.case.broken if name not in refusal]
            self._expect(not silent, f"the refusal does not name {', '.join(silent)}")
            said = self._send(server, "strange", month | dict(self.case.strange), 200)
            self._expect(self.case.said in _warned(said), f"no warning says {self.case.said}")
            answers = [
                f"broken: 422 names {', '.join(self.case.broken)}",
                f"strange: {_warned(said)}",
            ]
            if highest:
                said = self._send(server, "extreme", month | highest, 200)
                held = json.loads(said)["predictions"][0].get("held")
                answers.append(
                    "extreme: 200" + (f", held: {str(held).lower()}" * (held is not None))
                )
        self.cells["Serving"] = "; ".join(answers)

    def monitor(self) -> None:
        """Look at a month like those of the table, and at another one."""
        alerts = self._alerts("shifted")
        self.cells["Alerts of another month"] = ", ".join(alerts) or "none"
        silent = [one for one in self.case.alerts if one not in alerts]
        self._expect(not silent, f"no alert for {', '.join(silent)}; there are {alerts}")
        alerts = self._alerts("normal")
        self.cells["Alerts of a normal month"] = ", ".join(alerts) or "none"
        self._expect(not alerts, f"a normal month raises {alerts}")

    def _alerts(self, kind: str) -> list[str]:
        """Return the alerts of a month, each as `check about`."""
        file = self.home.path / f"{kind}.csv"
        table(self.case, kind).to_csv(file, index=False)
        printed = self.people.uv("tabrail", "monitor", str(file), "--json", code=None)
        if self.people.code not in (0, 1):
            raise OtherwiseError(f"monitor ended with exit code {self.people.code}")
        found = json.loads(printed)
        return [f"{one['check']} {one['about']}".strip() for one in found["alerts"]]

    def _checklist(self) -> dict[str, str]:
        """Return the checks that failed, each with what was found."""
        printed = self.people.uv("tabrail", "checklist", "--json", code=None)
        if self.people.code not in (0, 1):
            raise OtherwiseError(f"checklist ended with exit code {self.people.code}")
        checks = json.loads(printed)["checks"]
        return {one["name"]: one["detail"] for one in checks if one["verdict"] == "FAILED"}

    def _send(self, server: Server, what: str, row: dict[str, Any], expected: int) -> str:
        status, said = server.answer("POST", "/predict", {"rows": [row]})
        text = json.dumps(said, ensure_ascii=False)
        print(f"\n{what}: {json.dumps(row, ensure_ascii=False)}\n  {status}: {text}")
        if status != expected:
            raise OtherwiseError(f"{what} is answered with {status}: {text[:300]}")
        return text

    def _note_score(self, said: str) -> None:
        """Record the score that is printed, and compare it with the baseline's."""
        found = SCORE.search(said)
        if not found:
            return
        metric, score, interval, baseline = found.groups()
        inside = interval.rstrip("; ").replace("95% interval ", "") or "no interval"
        self.cells["Score"] = f"{metric} {score} ({inside}; baseline {baseline})"
        better = float(score.replace(",", "")) - float(baseline.replace(",", ""))
        so = better < 0 if metric == "mae" else better > 0
        self._expect(so or not self.case.beats, f"{self.cells['Score']}: no better than that")

    def _expect(self, so: bool, otherwise: str) -> None:
        if not so:
            self._otherwise(otherwise)

    def _otherwise(self, sentence: str) -> None:
        print(f"\nOTHERWISE: {sentence}")
        self.wrong.append(sentence)

    def _schema(self) -> Schema:
        text = (self.people.path / "schema.yaml").read_text(encoding="utf-8")
        return Schema.model_validate(YAML(typ="safe", pure=True).load(text))

    def _commit(self, message: str, *, push: bool = True) -> None:
        self.people.run("git", "add", "--all")
        self.people.run("git", "commit", "--quiet", "--message", message)
        if push:
            self.people.run("git", "push", "--quiet")


def as_sent(row: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return a row as a client sends it.

    A prepared table has booleans as 0 and 1 with fractions, and dates in one form. The table of
    the user has words for booleans. A client sends JSON's words for them, and dates in the form
    that schema.yaml names.
    """
    sent = dict(row)
    for name, value in row.items():
        column = schema.columns[name]
        if value is None:
            continue
        if column.kind == "boolean":
            sent[name] = value.lower() in TRUE if isinstance(value, str) else bool(value)
        elif column.kind == "datetime" and column.format and "T" in value:
            sent[name] = pd.Timestamp(value).strftime(column.format)
    return sent


def _warned(said: str) -> str:
    """Return the warnings of an answer."""
    return "; ".join(json.loads(said)["predictions"][0].get("warnings", []))


def _short(warning: str) -> str:
    """Return the start of a warning."""
    return warning if len(warning) <= 110 else f"{warning[:110].rstrip()}…"
