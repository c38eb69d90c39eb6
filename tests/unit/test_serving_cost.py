"""The metrics say what the server uses, process by process, and what scoring costs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from conftest import TEMPLATE
from ruamel.yaml import YAML
from serving import body, served, typical, wait_for
from trained import stand_in

from tabrail.serving.processes import ProcessesCollector, is_alive

JSON = {"Content-Type": "application/json"}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a trained project of two classes."""
    return stand_in("binary", project)


def send(client: httpx.Client) -> None:
    """Ask for a prediction."""
    answer = client.post("/predict", content=body(typical()), headers=JSON)
    assert answer.status_code == 200


def test_the_server_says_what_it_uses(shop: Path) -> None:
    with served() as client:
        send(client)
        text = client.get("/metrics").text
    labels = f'{{pid="{os.getpid()}",role="server"}}'
    for name in ("cpu_seconds_total", "resident_memory_bytes", "open_fds", "start_time_seconds"):
        assert text.count(f"process_{name}{labels}") == 1
    assert 0 < float(re.findall(r"^scoring_cpu_seconds_total (\S+)", text, re.M)[0]) < 5


def test_what_a_server_has_started_is_counted_apart(shop: Path) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child,
        served() as client,
    ):
        text = client.get("/metrics").text
        child.communicate(b"\n")
    assert f'process_cpu_seconds_total{{pid="{child.pid}",role="child"}}' in text
    assert 'pid="1"' not in text


def test_a_process_that_has_ended_is_no_longer_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        wait_for(lambda: not is_alive(ended.pid))
        os.kill(ended.pid, 0)  # nobody has asked about it, so it still has a number
        assert not list(ProcessesCollector(lambda: [ended.pid]).collect())


def test_the_alerts_of_the_manual_name_metrics_that_are_there(shop: Path) -> None:
    text = (TEMPLATE / "docs/serving.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text not-run\n(.*?)```", text, re.DOTALL)
    rules = [rule for group in YAML(typ="safe").load(block)["groups"] for rule in group["rules"]]
    assert len(rules) == 5
    with served() as client:
        send(client)
        metrics = client.get("/metrics").text
    for rule in rules:
        names = set(re.findall(r"[a-z]+(?:_[a-z]+)+", re.sub(r"\{.*?\}", "", rule["expr"])))
        assert names
        assert all(f"\n{name}" in metrics for name in names), names
        assert rule["annotations"]["summary"]
