"""Play the whole life of a model, with words: released, served, watched, retrained, rolled back.

    make lifecycle        or: .venv/bin/python tools/lifecycle.py FOLDER

Everything is real: a project is generated, and its model answers requests over HTTP. The requests
are flights of September to December, which the model has never seen. Any unexpected result ends the
story with exit code 1.
"""

import csv
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generated_project import (
    TEMPLATE,
    Folder,
    OtherwiseError,
    Server,
    generated,
    given_origin,
    play,
    say,
    served,
    table_rows,
)

MONTHS = {
    name: TEMPLATE / f"sample/flights-2013-{number:02}.parquet"
    for number, name in enumerate(("September", "October", "November", "December"), start=9)
}
SAMPLE_ROWS = 3000  # of the months of training
ORIGIN = "flight-delays.git"
LAST_WEEKS = "2013-12-15"  # from then on, two models are asked
SHARES = ("0", "0.01", "0.1", "0.5")  # of the groups for which the challenger answers
WATCHED = ("Training months", "September", "December")
Spans = dict[str, tuple[str, str]]  # from when to when, by name
Outcomes = dict[str, list[dict[str, Any]]]


def tell(folder: Path) -> None:
    """Play the story in a new folder.

    Raises:
        OtherwiseError: something did not come as it should.
    """
    folder.mkdir(parents=True)
    began = time.monotonic()
    os.environ["PREDICTION_LOG"] = f"sqlite:///{folder / 'log.sqlite'}"
    people = _generated(folder)
    _planned(people)
    _released(people)
    serving = _deployed(people)
    with served(serving, "model@v0.1.0") as server:
        spans, outcomes = _months_arrive(people, server)
    _watch(people, spans)
    _outcomes_arrive(people, spans, outcomes)
    _retrain(people, serving, spans)
    _released_again(people)
    _beside(people, serving)
    _promoted(people, serving)
    _rolled_back(people, serving)
    _chapter("The end")
    say(f"Both versions, all predictions, the outcomes and the pages are in {folder}.")
    print(f"\n({time.monotonic() - began:.0f} s)")


def _generated(folder: Path) -> Folder:
    _chapter("A project, and a shared repository")
    say("Cookiecutter leaves a repository that has run once. It gets an origin.")
    home, people = Folder(folder), Folder(folder / "flight-delays")
    generated(home, "parts=release, monitor, train")
    given_origin(home, people)
    people.uv("dvc", "metrics", "show")
    return people


def _planned(people: Folder) -> None:
    _chapter("Plan: what the model is for, and which score makes it worth using")
    plan = people.path / "docs/plan.md"
    text = plan.read_text(encoding="utf-8")
    section = text.partition("## Success number")[2].partition("## ")[0].strip()
    print(f"\n{section}", flush=True)
    say("Somebody adds a question that nobody has answered. The launch checklist finds it:")
    question = "\nWho tells the passengers has not been written down yet.\n"
    plan.write_text(text.replace("## Users\n", f"## Users\n{question}"), encoding="utf-8")
    people.run("git", "commit", "--quiet", "--all", "--message", "Ask who tells the passengers")
    *_, last = people.until(" plan: ", "tabrail", "checklist")  # what follows is seen below
    if "FAILED    plan: docs/plan.md still lacks 1 answer" not in last:
        raise OtherwiseError("the checklist passes a plan with an open question")
    say("The answer is written down.")
    answer = "\nThe travel desk tells the passengers.\n"
    plan.write_text(text.replace("## Users\n", f"## Users\n{answer}"), encoding="utf-8")
    _committed(people, "Say who tells the passengers")


def _committed(people: Folder, message: str) -> None:
    people.run("git", "commit", "--quiet", "--all", "--message", message)
    people.run("git", "push", "--quiet")


def _released(people: Folder) -> None:
    _chapter("Release: a version is a tag, and so is the stage that it is in")
    say("The launch checklist first.")
    people.uv("tabrail", "checklist")
    _staged(people, "v0.1.0")
    _assigned(people, "v0.1.0")


def _deployed(people: Folder) -> Folder:
    _chapter("Serve: the version in prod, from a separate clone")
    home = Folder(people.path.parent)
    home.run("git", "clone", "--quiet", ORIGIN, "serving")
    serving = Folder(home.path / "serving")
    _deploy(serving)
    return serving


def _deploy(serving: Folder) -> None:
    """Check out the version in prod in a clone."""
    serving.run("git", "fetch", "--quiet", "--tags")
    serving.run("uv", "sync", "--locked", "--quiet")
    version = serving.uv("gto", "show", "model#prod", "--ref").strip()
    serving.run("git", "checkout", "--quiet", version)
    serving.run("uv", "sync", "--locked", "--quiet")
    serving.uv("dvc", "pull", "--quiet", "--force", "models/model.skops")


def _months_arrive(people: Folder, server: Server) -> tuple[Spans, Outcomes]:
    _chapter("September to the middle of December arrive")
    say("First, a sample of the training months, to check that there is no false alarm.")
    spans, outcomes = {}, {}
    known = str(people.path / "data/raw/flights.parquet")
    tables: dict[str, tuple[str, ...]] = {"Training months": (known, str(SAMPLE_ROWS))}
    tables |= {month: (str(sample),) for month, sample in MONTHS.items()}
    for name, arguments in tables.items():
        rows = [row for row in table_rows(people, *arguments) if row["date"] < LAST_WEEKS]
        came_true = [row.pop("late") for row in rows]
        since = _now()
        said = server.predict(rows)
        spans[name] = (since, _now())
        pairs = zip(said, came_true, strict=True)
        outcomes[name] = [{"id": one["id"], "late": late} for one, late in pairs]
        mean = sum(one["probability"] for one in said) / len(said)
        review = sum(one["review"] for one in said)
        late = f"{mean:.0%} late on average"
        print(f"    {name}: {len(said):,} flights, {late}, {review} close calls for a person")
    return spans, outcomes


def _watch(people: Folder, spans: Spans) -> None:
    _chapter("Watch: are the requests like the training data?")
    for name in WATCHED:
        say(f"{name}:")
        since, until = spans[name]
        # A month has the weather of a month, and not of the year.
        code = 1 if name in MONTHS else 0
        page = str(people.path.parent / f"{name.lower().replace(' ', '-')}.html")
        window = ("--since", since, "--until", until)
        people.uv("tabrail", "monitor", *window, "--output", page, code=code)


def _outcomes_arrive(people: Folder, spans: Spans, outcomes: Outcomes) -> None:
    _chapter("The outcomes arrive, and show how good the model is now")
    file = people.path.parent / "outcomes.csv"
    with file.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, ["id", "late"])
        writer.writeheader()
        for found in outcomes.values():
            writer.writerows(found)
    people.uv("tabrail", "outcomes", str(file))
    say("Is it as good as expected for this number of flights?")
    for name in WATCHED:
        since, until = spans[name]
        command = ("uv", "run", "tabrail", "monitor", "--since", since, "--until", until)
        seen = json.loads(people.quietly(*command, "--json", code=1 if name in MONTHS else 0))
        alerts = {(one["check"], one["about"]) for one in seen["alerts"]}
        (metric,) = (one for one in seen["checks"] if one["check"] == "main_metric")
        for number, one in enumerate(filter(None, metric["periods"]), start=1):
            print(f"    {name}, part {number}: roc_auc {one['words']}")
        lasting = [one["beyond"] for one in metric["periods"] if one][-2:]
        if all(lasting) != (("main_metric", "") in alerts):
            raise OtherwiseError(f"{name}: the model got worse, and no alert says so: {seen}")
    since, until = spans["December"]
    page = str(people.path.parent / "december-outcomes.html")
    window = ("--since", since, "--until", until, "--output", page)
    people.uv("tabrail", "monitor", *window, code=1)


def _retrain(people: Folder, serving: Folder, spans: Spans) -> None:
    _chapter("Retrain: a branch with the new rows, and a pull request")
    people.run("git", "switch", "--quiet", "--create", "retrain")
    since, _ = spans["September"]
    people.uv("tabrail", "export", "incoming/autumn.parquet", "--since", since)
    say("New airports and a new airline need a wider schema. Without a yes, nothing changes:")
    people.uv("tabrail", "ingest", "incoming", code=1)
    say("A person has looked at them, and says yes.")
    people.uv("tabrail", "ingest", "incoming", "--yes")
    people.quietly("rm", "-r", "incoming")
    people.uv("dvc", "repro")
    serving.uv("dvc", "pull", "--quiet", "data/prepared/test.parquet")
    say("Is it better than the one in prod, on test rows that neither has seen?")
    people.uv("tabrail", "compare", str(serving.path))
    people.run("git", "add", "--all")
    people.run("git", "commit", "--quiet", "--message", "Learn from autumn, too")
    say("What reviewers read, and the gate, which has a question about the schema:")
    people.uv("tabrail", "report", "--base", "origin/main")
    people.uv("dvc", "push", "--quiet")
    people.uv("tabrail", "verify", "--base", "origin/main", code=1)
    accepted = "Accept-Gate: schema: airports and an airline that are new in autumn"
    people.run(
        *("git", "commit", "--quiet", "--allow-empty"),
        *("--message", "Accept new airports", "--message", accepted),
    )
    people.run("git", "push", "--quiet", "--set-upstream", "origin", "retrain")
    say("The pull request is merged.")
    people.run("git", "switch", "--quiet", "main")
    people.run("git", "merge", "--quiet", "--no-ff", "--no-edit", "retrain")
    people.run("git", "push", "--quiet")


def _released_again(people: Folder) -> None:
    _chapter("Release the second version, to staging")
    say("The launch checklist comes first, as it did for the first version.")
    _staged(people, "v0.2.0")


def _beside(people: Folder, serving: Folder) -> None:
    _chapter("Try it beside the first, on the rest of December")
    say("Both score every row. The challenger's share of the answers grows: 0, 1, 10, 50 percent.")
    home = Folder(people.path.parent)
    advice = ("-c", "advice.detachedHead=false", "--branch", "model@v0.2.0")
    home.run("git", "clone", "--quiet", *advice, ORIGIN, "challenger")
    people.uv("dvc", "--cd", "../challenger", "pull", "--quiet", "models/model.skops")
    rows = table_rows(people, str(MONTHS["December"]))
    rows = [row for row in rows if row["date"] >= LAST_WEEKS]
    came_true = [row.pop("late") for row in rows]
    since, many = _now(), len(rows) // len(SHARES)
    for step, share in enumerate(SHARES):
        part = slice(step * many, (step + 1) * many)
        options = ("--challenger", "../challenger", "--share", share)
        with served(serving, "model@v0.1.0", *options) as server:
            said = server.predict(rows[part])
            until = _now()
            pairs = zip(said, came_true[part], strict=True)
            values = {one["id"]: "yes" if late else "no" for one, late in pairs}
            server.ask("POST", "/outcomes", {"values": values})
        answered = sum(one.get("model") == "model@v0.2.0" for one in said)
        print(f"    share {share}: {answered} of {len(said):,} answers are the challenger's")
        if answered and not float(share):
            raise OtherwiseError("a shadow has answered")
    if not answered:
        raise OtherwiseError("with half of the groups, the challenger has answered none")
    window = ("--since", since, "--until", until)
    printed = people.uv("tabrail", "monitor", *window, code=1)
    if "model@v0.2.0" not in printed:
        raise OtherwiseError("monitor says nothing of the challenger")


def _promoted(people: Folder, serving: Folder) -> None:
    _chapter("Promote it")
    _assigned(people, "v0.2.0")
    _deploy(serving)
    with served(serving, "model@v0.2.0"):
        pass


def _rolled_back(people: Folder, serving: Folder) -> None:
    _chapter("Roll back: one command, and the earlier version serves again")
    again = ("--version", "v0.1.0", "--stage", "prod", "--force", "--push")
    people.uv("gto", "assign", "model", *again)
    _deploy(serving)
    with served(serving, "model@v0.1.0"):
        pass
    people.uv("gto", "history", "model")


def _staged(people: Folder, version: str) -> None:
    people.uv("gto", "register", "model", "--version", version, "--push")
    people.uv("gto", "assign", "model", "--version", version, "--stage", "staging", "--push")


def _assigned(people: Folder, version: str) -> None:
    people.uv("gto", "assign", "model", "--version", version, "--stage", "prod", "--push")
    people.uv("gto", "show")


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _chapter(title: str) -> None:
    print(f"\n\n== {title} ==", flush=True)


if __name__ == "__main__":
    play(__doc__, tell)
