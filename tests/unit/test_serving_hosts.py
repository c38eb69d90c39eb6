"""A server without a key answers who calls it by its name, and no page of another website."""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from serving import body, logged, served, typical
from trained import stand_in
from typer.testing import CliRunner

from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.serving import serve
from tabrail.serving.hosts import is_any, refusal
from tabrail.serving.limits import PROBES

JSON = {"Content-Type": "application/json"}
DATA = ("/", "/model", "/reviews", "/metrics", "/docs", "/openapi.json", "/nothing")
WRITES = ("/predict", "/explain", "/decisions", "/outcomes")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is to be refused
ELSEWHERE = "192.0.2.1"  # an address that no machine has


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a trained project, without a key."""
    monkeypatch.delenv(serve.KEY, raising=False)
    return stand_in("binary", project)


def why(method: str, names: Collection[str] | None = (), **headers: str) -> str:
    """Return why a request is not taken."""
    given = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return refusal(method, given, names)


def test_a_name_that_means_this_machine_for_a_while_gets_nothing(shop: Path) -> None:
    """DNS rebinding: to a browser, the server is the attacker's own website."""
    evil = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}
    with served() as client:
        for path in DATA:
            answer = client.get(path, headers=evil)
            assert answer.status_code == 403
            assert answer.json()["detail"].startswith("The server has no API key, and ")
        for path in WRITES:
            assert client.post(path, content=b"{}", headers=JSON | evil).status_code == 403
        for path in PROBES:
            assert client.get(path, headers=evil).status_code == 200
        assert 'fault="foreign"' not in client.get("/metrics").text
    assert logged() == []


def test_a_foreign_website_posts_nothing(shop: Path) -> None:
    with served() as client:
        port = client.base_url.port
        content = body(typical())
        for origin in ("https://evil.example", "null", "http://localhost:1", "", "http://"):
            headers = JSON | {"Origin": origin}
            answer = client.post("/predict", content=content, headers=headers)
            assert answer.status_code == 403
            assert "from another website" in answer.json()["detail"]
        own = JSON | {"Origin": f"http://127.0.0.1:{port}"}
        assert client.post("/predict", content=content, headers=own).status_code == 200
        name = own | {"Host": f"LocalHost:{port}", "Origin": f"http://localhost:{port}"}
        assert client.post("/predict", content=content, headers=name).status_code == 200
    with served(key="a key") as client:  # which a foreign website does not have
        headers = JSON | {
            "Origin": "https://a.example",
            "Host": "b",
            "Authorization": "Bearer a key",
        }
        assert client.post("/predict", content=content, headers=headers).status_code == 200
        del headers["Authorization"]
        assert client.post("/predict", content=content, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:80",
        "LOCALHOST.",
        "127.0.0.1:8000",
        "127.9.9.9",
        "[::1]:8000",
        "a.localhost",
    ],
)
def test_the_local_names_are_served(host: str) -> None:
    assert why("GET", host=host) == ""


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "evil.example:127",
        "evil@localhost",
        "localhost@evil.example",
        "localhost:80:80",
        "localhost/",
        "[::1",
        "[::2]",
        "10.0.0.7:8000",
        "127.0.0.1.evil.example",
        "locälhost",
        "2130706433",
    ],
)
def test_other_names_are_not_served(host: str) -> None:
    assert "is not its name" in why("GET", host=host)
    assert why("GET", {"10.0.0.8", "shop.example"}, host=host)


def test_the_given_name_is_served_and_any_where_that_is_wanted() -> None:
    assert why("GET", ["shop.example", "10.0.0.7"], host="Shop.Example:80") == ""
    assert why("GET", ["shop.example", "10.0.0.7"], host="10.0.0.7") == ""
    assert why("GET", None, host="what.ever") == ""
    assert why("POST", None, host="what.ever", origin="http://else") != ""
    assert why("GET") != ""  # HTTP/1.0 needs no name
    assert refusal("GET", [(b"host", b"localhost"), (b"host", b"evil.example")], ()) != ""


def test_every_answer_is_kept_where_it_belongs(shop: Path) -> None:
    with served(key="key") as client:
        asked = [client.get(path) for path in (*DATA, *PROBES)]
        asked.append(client.post("/predict", content=b"{"))
        client.headers["Authorization"] = "Bearer key"
        asked += [client.get(path) for path in DATA]
        asked += [client.post(path, content=b"{", headers=JSON) for path in WRITES]
    assert {200, 401, 404, 422} == {answer.status_code for answer in asked}
    for answer in asked:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("key", ["", " ", "\n\t "])
@pytest.mark.parametrize("host", [EVERYWHERE, "::"])
def test_other_machines_need_a_key(
    shop: Path, monkeypatch: pytest.MonkeyPatch, host: str, key: str
) -> None:
    monkeypatch.setenv(serve.KEY, key)
    with pytest.raises(InputError, match=r"--host .* other machines can read .*API_KEY.*--no-key"):
        serve.serve(host, 0)


def test_who_may_be_called_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(serve.KEY, raising=False)
    assert serve.served_hosts("localhost", "127.0.0.1", no_key=False) == ["localhost", "127.0.0.1"]
    assert serve.served_hosts("::1", "::1", no_key=True) == ["::1", "::1"]
    assert serve.served_hosts(EVERYWHERE, EVERYWHERE, no_key=True) is None
    assert serve.served_hosts("Shop", ELSEWHERE, no_key=True) == ["shop", ELSEWHERE]
    for address in (EVERYWHERE, ELSEWHERE, "::", "fe80::1%eth0"):
        with pytest.raises(InputError, match="other machines can read"):
            serve.served_hosts("a", address, no_key=False)
    monkeypatch.setenv(serve.KEY, "key\n")
    assert serve.api_key() == "key"
    assert serve.served_hosts("a", ELSEWHERE, no_key=False)
    assert is_any("::")
    with pytest.raises(InputError, match="--no-key and a key in API_KEY exclude each other"):
        serve.served_hosts("a", "127.0.0.1", no_key=True)


def test_the_command_passes_it_on(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(serve, "serve", lambda *_, **options: given.update(options))
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    for words, expected in ((["--no-key"], True), ([], False)):
        done = CliRunner().invoke(cli.app, ["serve", "--host", EVERYWHERE, *words])
        assert done.exit_code == 0, done.output
        assert given["no_key"] is expected


def test_other_machines_may_ask_without_a_key_where_that_is_wanted(shop: Path) -> None:
    with served(hosts=None) as client:
        headers = JSON | {"Host": "10.0.0.7:8000"}
        answer = client.post("/predict", content=body(typical()), headers=headers)
        assert json.loads(answer.text)["predictions"]
