"""The description of the API holds whatever the columns are called, and so do the commands."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from serving import served
from support.in_process import edit, run_stages, succeed, write_project

import tabrail
from tabrail.ingest import ingest

TARGET = 'sold? {"no"}'
NAMES = [
    *("rows", "class", "None", "self", "json", "id", "predictions", "detail", "key"),
    *("model_config", "model_fields", "schema", "copy", "__init__", "__proto__", "constructor"),
    *("$ref", "#/components/schemas/Row", "a/b", "a~1b", "a.b", "a[0]", "*", "?", "123", "true"),
    *('say "it"', "it's", "{braces}", "{{ twice }}", "${HOME}", "%s", "back\\slash", "<b>&amp;"),
    *("two  words", "Größe ☃ 🎉", "Ж", "\u202eright to left", "very long " * 25 + "."),
]


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a trained project with such columns, of all kinds."""
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    kinds: list[Callable[[int], object]] = [
        lambda i: i * 37 % 199,
        lambda i: i * 91 % 401 / 8,
        lambda i: ("Oslo", "Ulm", "Köln")[i * i % 3],
        lambda i: ("yes", "no")[i % 7 > 2],
        lambda i: f"2024-{1 + i % 12:02}-{1 + i % 28:02}",
    ]
    table = pd.DataFrame(
        {
            name: [kinds[place % len(kinds)](i + place) for i in range(400)]
            for place, name in enumerate(NAMES)
        }
    )
    table[TARGET] = ["sold" if i * i * 31 % 17 > 8 else "open" for i in range(400)]
    table.to_csv(tmp_path / "table.csv", index=False)
    folder = tmp_path / "project"
    write_project(folder, data_file="table.csv", target=TARGET, project_slug="shop")
    monkeypatch.chdir(folder)
    succeed("ingest", "../table.csv", "--target", TARGET, "--yes")
    edit("params.yaml", lambda params: params["evaluate"].update(resamples=100))
    run_stages()


def test_the_commands_take_hostile_names(hostile: None) -> None:
    read = pd.read_csv("../table.csv")
    read["class"] = "no number"
    read.to_csv("../bad.csv", index=False)
    succeed("validate", "../table.csv")
    succeed("validate", "../bad.csv", "--rejected", "bad.csv", code=1)
    succeed("predict", "../table.csv", "out.csv", "--untrusted")
    succeed("monitor", "../table.csv", "--json")
    assert len(pd.read_csv("out.csv")) == len(read)
    assert list(pd.read_csv("bad.csv"))[3:] == [*NAMES, TARGET]


def test_no_name_of_a_column_is_the_name_of_an_argument() -> None:
    """Pandas has `assign(self, **columns)`, which takes no column that is called self."""
    found = []
    for path in Path(tabrail.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "assign":
                given = [one.value for one in node.keywords if one.arg is None]
                found += [path.name for one in given if not ast.unparse(one).startswith("{GROUP:")]
    assert found == []


@pytest.mark.ci("it asks for half a minute")
def test_the_description_holds_with_hostile_names(hostile: None, tmp_path: Path) -> None:
    schemathesis = str(Path(sys.executable).with_name("schemathesis"))
    with served() as client:
        row = client.get("/openapi.json").json()["components"]["schemas"]["Row"]
        assert set(row["properties"]) == {*NAMES, TARGET}
        command = [schemathesis, "run", f"{client.base_url}/openapi.json", "--checks=all"]
        command += ["--max-examples=20", "--seed=1", "--no-color"]
        command += ["--suppress-health-check=filter_too_much"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr
        answer = client.post("/predict", json={"rows": row["examples"]})
        assert answer.status_code == 200, answer.text
        assert client.get("/ready").status_code == 200
