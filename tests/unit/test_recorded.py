"""A model file is opened only if it is the recorded one, or if a person says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import edit, shops
from trained import stand_in
from typer.testing import CliRunner

from tabrail import Project, load_model, paths
from tabrail.batch.score import predict
from tabrail.cli import app as cli
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.model import archive
from tabrail.model.recorded import require_recorded
from tabrail.model.release import load_release
from tabrail.monitoring.monitor import monitor
from tabrail.review.compare import compare
from tabrail.run import run
from tabrail.serving.serve import serve

NEW, OUT = Path("new.csv"), Path("scores.csv")


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a trained project, with rows to score."""
    stand_in("binary", project)
    shops(5, seed=3).to_csv(NEW, index=False)
    return project


def call(*arguments: object, code: int = 0) -> str:
    """Score the rows; return what is printed."""
    done = CliRunner().invoke(cli.app, ["predict", str(NEW), str(OUT), *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def record(digest: str | None, path: str = "models/model.skops") -> None:
    """Let dvc.lock have an MD5 of the model, or none."""
    out = {"path": path} | ({"md5": digest} if digest else {})
    edit(paths.LOCK, lambda content: content["stages"]["train"].update(outs=[out]))


def note(digest: str) -> None:
    """Let a bundle's release.json have an MD5 of the model."""
    files = {paths.MODEL.as_posix(): digest}
    paths.RELEASE.write_text(json.dumps({"version": "v1", "files": files}), encoding="utf-8")


def test_the_recorded_model_scores(shop: Path) -> None:
    require_recorded()
    require_recorded(shop)
    assert "5 rows scored" in call()


def test_another_file_is_refused_before_it_is_opened(shop: Path) -> None:
    paths.MODEL.write_bytes(b"not even an archive")
    found = md5(paths.MODEL)
    printed = call(code=1)
    assert f"models/model.skops is not the recorded one: its MD5 is {found}" in printed
    assert "dvc checkout --force models" in printed
    assert "--untrusted" in printed
    assert "damaged" not in printed
    assert not OUT.exists()
    with pytest.raises(InputError, match="is not the recorded one"):
        load_release()
    assert "is damaged" in call("--untrusted", code=1)


@pytest.mark.parametrize("door", ["predict", "compare", "serve", "monitor", "evaluate", "Python"])
def test_no_door_opens_another_file(door: str, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing reads a file before it is compared."""
    paths.MODEL.write_bytes(b"not even an archive")
    opened: list[str] = []
    for reader in ("unpack", "member"):
        monkeypatch.setattr(archive, reader, lambda *_, name=reader: opened.append(name))
    doors: dict[str, Callable[[], object]] = {
        "Python": lambda: load_model(Project.load()),
        "evaluate": lambda: run("evaluate"),
        "predict": lambda: predict(NEW, OUT),
        "compare": lambda: compare(Path()),
        "serve": lambda: serve("127.0.0.1", 0),
        "monitor": lambda: monitor([NEW]),
    }
    with pytest.raises(InputError, match=r"models/model\.skops is not the recorded one"):
        doors[door]()
    assert opened == []


@pytest.mark.parametrize("lock", ["none", "empty", "other file", "no hash"])
def test_a_model_that_was_never_recorded_needs_a_word(lock: str, shop: Path) -> None:
    match lock:
        case "none":
            paths.LOCK.unlink()
        case "empty":
            paths.LOCK.write_text("")
        case "other file":
            record(md5(paths.MODEL), "models/other.skops")
        case _:
            record(None)
    printed = call(code=1)
    assert "models/model.skops was never recorded: dvc.lock has no hash of it" in printed
    assert "If you trust its source, add: --untrusted" in printed
    with pytest.raises(InputError, match="was never recorded"):
        load_release()
    assert "5 rows scored" in call("--untrusted")
    assert load_release(untrusted=True).version.startswith("md5:")


def test_without_a_lock_release_json_counts(shop: Path) -> None:
    paths.LOCK.unlink()
    note(md5(paths.MODEL))
    assert "5 rows scored" in call()
    note("0" * 32)
    assert f"and release.json says {'0' * 32}" in call("--overwrite", code=1)
    paths.RELEASE.write_text("{}", encoding="utf-8")
    assert "release.json has no hash of it" in call("--overwrite", code=1)


def test_beside_a_lock_release_json_does_not_count(shop: Path) -> None:
    note(md5(paths.MODEL))
    record("0" * 32)
    assert f"and dvc.lock says {'0' * 32}" in call(code=1)


def test_a_missing_model_is_said_with_what_to_do(shop: Path) -> None:
    paths.MODEL.unlink()
    for arguments in ([], ["--untrusted"]):
        assert "models/model.skops is missing; make it with: uv run dvc repro" in call(
            *arguments, code=1
        )


def test_a_lock_that_is_no_yaml_is_one_message(shop: Path) -> None:
    paths.LOCK.write_text("a: [")
    printed = call(code=1)
    assert printed.count("error: ") == 1
    assert "dvc.lock" in printed


def test_a_damaged_release_json_is_one_message(shop: Path) -> None:
    paths.LOCK.unlink()
    paths.RELEASE.write_text("{")
    printed = call(code=1)
    assert printed.count("error: ") == 1
    assert "release.json is damaged" in printed
