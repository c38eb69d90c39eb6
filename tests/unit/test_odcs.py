"""The schema as a data contract: all of schema.yaml is in it, and every reader reads the same."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from generated import write_project
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from support.environments import own_environment
from support.projects import shared_folder
from typer.testing import CliRunner

from tabrail.cli import app as cli
from tabrail.data.jdk_dates import jdk_format
from tabrail.data.odcs import odcs
from tabrail.data.schema import Column, Csv, Schema, load_schema
from tabrail.data.yaml_text import yaml_text

# Every key of schema.yaml, with a value that is not its default.
FULL: dict[str, Any] = {
    "name": "Läden: no. 1",
    "source": "the tills",
    "license": "CC0-1.0",
    "row": "One visit.",
    "csv": {
        "encoding": "latin-1",
        "delimiter": ";",
        "decimal": ",",
        "thousands": ".",
        "set_aside": False,
    },
    "task": "binary",
    "target": "answer",
    "positive": "yes",
    "key": ["customer", "shop"],
    "time": "seen",
    "weight": "weight",
    "slices": ["country", "age", "weekday"],
    "duplicates": "keep",
    "missing": ["", "no", "-999"],
    "columns": {
        "customer": {"kind": "identifier", "digits": 8, "description": "Number: of the card"},
        "shop": {"kind": "categorical"},
        "seen": {"kind": "datetime", "format": "%d.%m.%Y %H:%M"},
        "born": {"kind": "datetime", "format": "%d.%m.%Y", "sensitive": True, "nullable": True},
        "weight": {"kind": "numeric", "min": 0.0},
        "country": {"kind": "categorical", "categories": ["NO", "SE", "010", "1:30", "2013-01-01"]},
        "age": {
            "kind": "numeric",
            "min": 1e-7,
            "max": 1e300,
            "unit": "a",
            "bands": [18.0, 67.5],
            "protected": True,
            "nullable": True,
        },
        "stay": {"kind": "numeric", "format": "duration", "max": -2.5},
        "price": {"kind": "numeric", "decimal": ",", "thousands": ""},
        "note": {"kind": "text"},
        "on": {"kind": "boolean"},
        "old": {"kind": "ignored", "nullable": True},
        "answer": {"kind": "categorical", "categories": ["no", "yes"]},
    },
}
SENSITIVE: dict[str, Any] = {
    "name": "Persons",
    "task": "binary",
    "target": "won",
    "columns": {
        "faith": {"kind": "categorical", "categories": ["Jedi", "none"], "sensitive": True},
        "income": {"kind": "numeric", "min": 1234.5, "max": 9876.5, "sensitive": True},
        "age": {"kind": "numeric", "bands": [77.25], "sensitive": True, "protected": True},
        "size": {"kind": "numeric"},
        "won": {"kind": "boolean"},
    },
}


def custom(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom properties of a part of a contract."""
    return {one["property"]: one["value"] for one in entry.get("customProperties", [])}


def read_back(contract: Mapping[str, Any]) -> Schema:
    """Return the schema that a contract was made of."""
    (table,) = contract["schema"]
    found = {"name": contract["name"], **custom(contract), **custom(table)}
    found["row"] = table.get("dataGranularityDescription", "")
    found["columns"] = {}
    for entry in table["properties"]:
        options = entry.get("logicalTypeOptions", {})
        column = custom(entry) | {
            "nullable": not entry["required"],
            "sensitive": entry.get("classification") == "sensitive",
            "description": entry.get("description", ""),
        }
        column |= {key: options[f"{key}imum"] for key in ("min", "max") if f"{key}imum" in options}
        for rule in entry.get("quality", []):
            assert (rule["metric"], rule["mustBe"]) == ("invalidValues", 0)
            column["categories"] = rule["arguments"]["validValues"]
        found["columns"][entry["name"]] = column
    return Schema.model_validate(found)


def test_nothing_of_the_schema_is_lost() -> None:
    schema = Schema.model_validate(FULL)
    assert set(FULL) == set(Schema.model_fields)
    assert set(FULL["csv"]) == set(Csv.model_fields)
    assert {key for column in FULL["columns"].values() for key in column} == set(
        Column.model_fields
    )
    contract = odcs(schema, "shops", "0.1.0")
    assert read_back(contract) == schema
    text = yaml_text(contract)
    assert read_back(yaml.safe_load(text)) == schema
    assert read_back(YAML(typ="safe").load(text)) == schema


def test_what_the_standard_has_a_field_for_is_there() -> None:
    contract = odcs(Schema.model_validate(FULL), "shops", "0.1.0")
    assert (contract["kind"], contract["id"], contract["version"]) == (
        "DataContract",
        "shops",
        "0.1.0",
    )
    columns = {entry["name"]: entry for entry in contract["schema"][0]["properties"]}
    assert columns["seen"]["logicalType"] == "timestamp"
    assert columns["seen"]["logicalTypeOptions"] == {"format": "dd.MM.yyyy HH:mm"}
    assert columns["born"]["logicalType"] == "date"
    assert columns["age"]["logicalTypeOptions"] == {"minimum": 1e-7, "maximum": 1e300}
    assert columns["age"]["tags"] == ["slice", "protected"]
    assert columns["answer"]["tags"] == ["target"]
    assert columns["answer"]["quality"][0]["severity"] == "error"
    assert columns["country"]["quality"][0]["severity"] == "warning"
    assert columns["weight"]["tags"] == ["weight"]
    assert columns["customer"]["tags"] == ["key"]
    assert "primaryKey" not in columns["customer"]  # a group has several rows
    assert columns["born"]["classification"] == "sensitive"
    assert "logicalType" not in columns["old"]
    assert not columns["old"]["required"]


def test_no_value_of_a_sensitive_column_is_there_and_that_is_said() -> None:
    text = yaml_text(odcs(Schema.model_validate(SENSITIVE), "persons", "1"))
    for value in ("Jedi", "1234", "9876", "77"):
        assert value not in text
    (table,) = yaml.safe_load(text)["schema"]
    said = {entry["name"]: custom(entry).get("leftOut") for entry in table["properties"]}
    assert said == {
        "faith": ["categories"],
        "income": ["min", "max"],
        "age": ["bands"],
        "size": None,
        "won": None,
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S.%f%z", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSxx"),
        ("%d %b %y", "dd MMM yy"),
        ("%I o'clock %p", "hh 'o''''clock' a"),
        ("100%% %d", "100% dd"),
        ("%c", ""),
        ("%", ""),
        ("", ""),
    ],
)
def test_formats_of_dates_have_the_letters_of_java(written: str, expected: str) -> None:
    assert jdk_format(written) == expected


@settings(max_examples=300, deadline=None)
@given(st.recursive(st.text() | st.floats(allow_nan=False) | st.booleans() | st.none(), st.lists))
def test_every_reader_of_yaml_reads_the_same(value: Any) -> None:
    if value in (float("inf"), float("-inf")):
        return
    text = yaml_text({"value": value, "after": "x"})
    for read in (yaml.safe_load(text), YAML(typ="safe", pure=True).load(text)):
        assert read == {"value": value, "after": "x"}


@pytest.mark.parametrize("word", ["no", "NO", "y", "1_000", "0x1F", "1e3", "=", "<<", "~", "0o7"])
def test_words_that_mean_something_in_yaml_stay_words(word: str) -> None:
    text = yaml_text({"value": [word]})
    assert yaml.safe_load(text) == YAML(typ="safe").load(text) == {"value": [word]}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a new project that has a schema."""
    write_project(tmp_path)
    (tmp_path / "schema.yaml").write_text(yaml_text(FULL), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_prints_or_writes_it(project: Path) -> None:
    done = CliRunner().invoke(cli.app, ["schema", "--format", "odcs"])
    assert done.exit_code == 0, done.output
    contract = yaml.safe_load(done.output)
    assert (contract["id"], contract["version"]) == ("flight-delays", "0.1.0")
    assert read_back(contract) == load_schema()
    written = CliRunner().invoke(cli.app, ["schema", "--output", "made/contract.yaml"])
    assert (written.exit_code, written.output) == (0, "")
    assert (project / "made/contract.yaml").read_text(encoding="utf-8") == done.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--format", "avro"], 2, "'avro' is not one of 'odcs'"),
        (["--output", "../{folder}/schema.yaml"], 1, "would replace the schema; name another file"),
    ],
)
def test_what_cannot_be_written_is_said(
    project: Path, arguments: list[str], code: int, said: str
) -> None:
    before = (project / "schema.yaml").read_bytes()
    given = [argument.format(folder=project.name) for argument in arguments]
    done = CliRunner().invoke(cli.app, ["schema", *given])
    assert done.exit_code == code
    assert said in done.output
    assert (project / "schema.yaml").read_bytes() == before


def test_a_schema_that_cannot_be_used_is_said(project: Path) -> None:
    (project / "schema.yaml").write_text("name: x\n", encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["schema"])
    assert done.exit_code == 1
    assert "schema.yaml has values that cannot be used:" in done.output


@pytest.mark.slow
@pytest.mark.ci("it installs datacontract-cli, and takes a minute")
@pytest.mark.parametrize("content", [FULL, SENSITIVE], ids=["every key", "sensitive"])
def test_the_standards_own_tool_finds_it_valid(
    content: dict[str, Any], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tools = own_environment(shared_folder(tmp_path_factory) / "contracts", "datacontract-cli>=1.2")
    contract = tmp_path / "contract.yaml"
    contract.write_text(yaml_text(odcs(Schema.model_validate(content), "a", "1")), encoding="utf-8")
    command = [tools / "datacontract", "lint", "--all-errors", contract]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid against ODCS v3.1.0" in done.stdout
