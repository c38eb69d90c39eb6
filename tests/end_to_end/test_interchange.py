"""What other programs read of a project: DVC's editor extension, and tools for data contracts."""

import json
from typing import Any

import yaml
from support.projects import Project

RATE = "train.options.HistGradientBoostingClassifier.learning_rate"


def shown(project: Project) -> dict[str, dict[str, Any]]:
    """Return what `dvc exp show --json` says of the workspace and of each commit, by its name."""
    printed = project.uv("--quiet", "dvc", "exp", "show", "--json")
    return {entry.get("name") or entry["rev"]: entry for entry in json.loads(printed)}


def flat(content: Any, prefix: str = "") -> dict[str, Any]:
    """Return the numbers and words of nested mappings by their dotted names."""
    if not isinstance(content, dict):
        return {prefix: content}
    return {
        name: value
        for key, inner in content.items()
        for name, value in flat(inner, f"{prefix}.{key}" if prefix else key).items()
    }


def test_dvcs_editor_extension_finds_metrics_and_params(clone: Project) -> None:
    clone.uv("dvc", "exp", "run", "--name", "slower", "-S", f"{RATE}=0.09")
    found = shown(clone)
    metrics = json.loads(clone.read("reports/metrics.json"))
    params = yaml.safe_load(clone.read("params.yaml"))
    committed, workspace = found["main"]["data"], found["workspace"]["data"]
    assert workspace["metrics"]["reports/metrics.json"]["data"] == metrics
    assert flat(workspace["params"]["params.yaml"]["data"]) == flat(params)
    before = json.loads(clone.run("git", "show", "HEAD:reports/metrics.json"))
    assert committed["metrics"]["reports/metrics.json"]["data"] == before
    assert all(isinstance(value, float) for value in flat(before).values())
    (experiment,) = found["main"]["experiments"]
    (revision,) = experiment["revs"]
    assert revision["name"] == "slower"
    assert flat(revision["data"]["params"]["params.yaml"]["data"])[RATE] == 0.09
    files = [*workspace["metrics"].values(), *workspace["params"].values()]
    assert [file for file in files if "error" in file] == []


def test_the_samples_schema_is_a_data_contract(finished: Project) -> None:
    contract = yaml.safe_load(finished.uv("--quiet", "tabrail", "schema"))
    (table,) = contract["schema"]
    schema = yaml.safe_load(finished.read("schema.yaml"))
    assert [column["name"] for column in table["properties"]] == list(schema["columns"])
