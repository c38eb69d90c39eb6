"""The Dockerfile and the manifests are sound, and name what the server has."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from generated import write_project
from serving import served
from trained import stand_in
from typer.testing import CliRunner

from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.log.prediction_log import PredictionLog
from tabrail.serving import serve

TOOLS = Path(sys.executable).parent
FOLDER = Path("deploy/kubernetes")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def tool(name: str, *arguments: str, code: int = 0) -> str:
    """Run a tool that the package index has, and return what it prints."""
    command = [str(TOOLS / name), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a new project with both parts, of which only one was asked for."""
    folder = tmp_path / "rendered"
    write_project(folder)
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli.app, ["add", "kubernetes"])
    assert done.exit_code == 0, done.output
    assert done.output.index("docker: images") < done.output.index("kubernetes: manifests")
    assert json.loads(Path(".tabrail.json").read_text())["parts"] == ["docker", "kubernetes"]
    return folder


def manifests() -> dict[str, Any]:
    """Return what Kubernetes is given, by its kind."""
    built = yaml.safe_load_all(tool("kubectl", "kustomize", str(FOLDER)))
    return {manifest["kind"]: manifest for manifest in built}


def containers() -> list[dict[str, Any]]:
    """Return the containers of the server and of the monitoring, with what holds for their pods."""
    found = manifests()
    specs = (found["Deployment"]["spec"], found["CronJob"]["spec"]["jobTemplate"]["spec"])
    pods = [spec["template"]["spec"] for spec in specs]
    return [container | {"pod": pod} for pod in pods for container in pod["containers"]]


def test_the_dockerfile_is_sound(rendered: Path) -> None:
    assert tool("hadolint", "--no-color", "Dockerfile") == ""
    Path("Dockerfile").write_text("FROM debian\nRUN cd /tmp && sudo ls\n", encoding="utf-8")
    assert "DL3004" in tool("hadolint", "Dockerfile", code=1)


def test_the_manifests_are_valid(rendered: Path) -> None:
    Path("all.yaml").write_text(tool("kubectl", "kustomize", str(FOLDER)), encoding="utf-8")
    validate = ("kubernetes-validate", "--strict", "all.yaml")
    tool(*validate)
    text = Path("all.yaml").read_text(encoding="utf-8")
    Path("all.yaml").write_text(text.replace("readOnlyRootFilesystem", "readonly"), "utf-8")
    tool(*validate, code=1)


def test_what_they_name_is_there(rendered: Path) -> None:
    dockerfile = Path("Dockerfile").read_text(encoding="utf-8")
    found = manifests()
    (server, monitor) = containers()
    assert server["image"] == monitor["image"] == "registry.example.com/flight-delays:v0.1.0"
    (port,) = server["ports"]
    assert f"EXPOSE {port['containerPort']}\n" in dockerfile
    (outside,) = found["Service"]["spec"]["ports"]
    used = [outside["targetPort"], *(server[probe]["httpGet"]["port"] for probe in PROBES)]
    assert set(used) == {port["name"]}
    user = server["pod"]["securityContext"]["runAsUser"]
    assert f"USER {user}:" in dockerfile
    assert {"name": "log", "mountPath": "/log"} in server["volumeMounts"]
    assert "sqlite:////log/" in dockerfile
    program, *words = monitor["command"]
    assert program == "tabrail"
    assert CliRunner().invoke(cli.app, [*words, "--help"]).exit_code == 0
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": labels}
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
    assert target == found["Deployment"]["metadata"]["name"]


def test_nothing_may_do_more_than_it_needs(rendered: Path) -> None:
    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["pod"]["securityContext"]["runAsNonRoot"]
        assert container["pod"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["pod"]["automountServiceAccountToken"] is False
        assert container["resources"].keys() == {"requests", "limits"}


def test_probes_need_neither_key_nor_name(
    rendered: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rendered)
    (server, _) = containers()
    paths = {server[probe]["httpGet"]["path"] for probe in PROBES}
    assert paths == {"/health", "/ready"}
    monkeypatch.chdir(project)
    stand_in("binary", project)
    with served(key="key") as client:
        for path in paths:
            assert client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200
        assert client.get("/model").status_code == 401


def test_the_image_serves_nobody_without_a_key(
    rendered: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rendered)
    dockerfile = Path("Dockerfile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^CMD (\[\"tabrail.*)$", dockerfile, re.MULTILINE)
    (server, _) = containers()
    assert "command" not in server
    assert server["envFrom"] == [{"secretRef": {"name": "flight-delays"}}]  # not optional
    monkeypatch.chdir(project)
    stand_in("binary", project)
    monkeypatch.setenv(serve.KEY, "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    program, *words = json.loads(line)
    assert program == "tabrail"
    done = CliRunner().invoke(cli.app, [*words, "--port", "0"])
    assert done.exit_code == 1
    assert "API_KEY in the environment is blank" in done.output


def test_several_servers_need_a_log_that_they_share(
    rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = manifests()["HorizontalPodAutoscaler"]["spec"]["maxReplicas"]
    (server, _) = containers()
    (variable,) = server["env"]
    assert variable == {"name": serve.REPLICAS, "value": str(most)}
    assert most > 1
    monkeypatch.setenv(variable["name"], variable["value"])
    message = (
        r"one of up to 4 \(SERVE_REPLICAS\).*sqlite:///.*postgresql\+psycopg://.*minReplicas: 1"
    )
    with pytest.raises(InputError, match=message):
        serve.serve("127.0.0.1", 0)


def test_one_server_may_have_a_log_of_its_own(rendered: Path) -> None:
    path = FOLDER / "server.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(m..Replicas): \d", r"\1: 1", text), encoding="utf-8")
    (server, _) = containers()
    assert server["env"][0]["value"] == "1"
    with PredictionLog() as log:
        serve.require_shared(log, server["env"][0]["value"])


@pytest.mark.parametrize("given", ["", "0", "two", "-1", "²"])
def test_a_number_of_servers_that_is_none_is_refused(given: str, tmp_path: Path) -> None:
    with PredictionLog(f"sqlite:///{tmp_path / 'log.sqlite'}") as log:
        refused = pytest.raises(InputError, match=r"SERVE_REPLICAS is .*; expected a number")
        with refused:
            serve.require_shared(log, given)
