"""A bundle has all that a server needs of a commit, byte for byte, or it is not there at all."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from runs import Repository
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.dvc import command
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.project import code
from tabrail.review.bundle import bundle

FILES = {
    "pyproject.toml": b"[project]\n",
    "README.md": b"\xff not UTF-8\r\n",
    "src/shops/__init__.py": b"\r\n",
    "params.yaml": b"serve: {}\n",
    "schema.yaml": b"name: Shops\n",
    "reports/evaluation.json": b"{}\n",
    "reports/distributions.json": b"{}\n",
}
OTHERS = {"notebooks/tries.py": b"1\n", "src-old/shops.py": b"\n", ".gitignore": b"/models\n"}
OUT = Path("../made/bundle")


def record(model: bytes) -> None:
    """Let the model here be some bytes, and dvc.lock have their MD5."""
    paths.MODEL.parent.mkdir(exist_ok=True)
    paths.MODEL.write_bytes(model)
    out = f"{{path: {paths.MODEL.as_posix()}, md5: {md5(paths.MODEL)}}}"
    paths.LOCK.write_text(f"stages: {{train: {{outs: [{out}]}}}}\n", encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a clone whose only commit has results and a model."""
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    for name, content in (FILES | OTHERS).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
    record(b"the model")
    made = Repository()
    made.git("config", "core.autocrlf", "false")
    made.commit()
    return made


def test_a_commit_that_is_not_on_main_gives_a_warning(repository: Repository) -> None:
    call = ["bundle", str(OUT), "--rev", "HEAD"]
    assert CliRunner().invoke(cli.app, call).stderr == ""
    shutil.rmtree(OUT)
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert CliRunner().invoke(cli.app, call).stderr == ""
    shutil.rmtree(OUT)
    repository.commit("Unseen", params_yaml="serve: {a: 1}\n")
    done = CliRunner().invoke(cli.app, call)
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: HEAD is not on origin/main, so its code may never")


def given(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def stored(patch: pytest.MonkeyPatch, content: bytes, reason: str = "") -> list[tuple[str, ...]]:
    """Let DVC give some bytes, or a reason why not; return the commands that it gets."""
    asked: list[tuple[str, ...]] = []

    def fake(*arguments: str) -> str:
        asked.append(arguments)
        if not reason:
            Path(arguments[-1]).write_bytes(content)
        return reason

    patch.setattr(command, "failure", fake)
    return asked


def test_a_model_of_other_code_is_refused_as_the_server_would(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "src/shops/__init__.py"
    recorded = code.hashes(Path(), [Path(name).resolve()])
    monkeypatch.setattr(
        "tabrail.review.bundle.read_metadata", lambda _: SimpleNamespace(code=recorded)
    )
    bundle(OUT)
    shutil.rmtree(OUT)
    Path(name).write_bytes(b"changed = 1\n")
    repository.commit()
    with pytest.raises(InputError, match=rf"trained with other code: {name} differs; bundle the"):
        bundle(OUT)
    assert not OUT.exists()


def test_a_bundle_has_what_a_server_needs_byte_for_byte_with_a_note(
    repository: Repository,
) -> None:
    commit = repository.git("rev-parse", "HEAD").strip()
    Path("params.yaml").write_text("serve: {changed: since}\n", encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["bundle", str(OUT)])
    version = f"md5:{md5(paths.MODEL)[:12]}"
    said = f"{version} of commit {commit[:12]} is in {OUT}; there: uv sync --locked\n"
    assert (done.exit_code, done.output) == (0, said)
    found = given(OUT)
    note = json.loads(found.pop("release.json"))
    assert found == FILES | {"models/model.skops": b"the model"}
    assert (note["version"], note["commit"]) == (version, commit)
    assert note["files"] == {name: md5(OUT / name) for name in sorted(found)}
    assert [path.name for path in OUT.parent.iterdir()] == ["bundle"]


def test_the_model_of_an_earlier_version_comes_from_dvc(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("tag", "--annotate", "model@v0.1.0", "--message", "Release")
    first = repository.git("rev-parse", "HEAD").strip()
    record(b"a later model")
    repository.commit("Train again")
    asked = stored(monkeypatch, b"the model")
    assert bundle(OUT, "model@v0.1.0").startswith(f"model@v0.1.0 of commit {first[:12]} is in ")
    assert [one[:5] for one in asked] == [("get", ".", "models/model.skops", "--rev", first)]
    assert (OUT / paths.MODEL).read_bytes() == b"the model"


@pytest.mark.parametrize(
    ("content", "reason", "message"),
    [
        (b"", "no such file", r"the model of {} cannot be fetched: no such file; run: .*--rev {} "),
        (b"another", "", r"DVC's model is not the one that {} records; run: uv run dvc pull$"),
    ],
)
def test_without_the_recorded_model_no_folder_is_left(
    content: bytes,
    reason: str,
    message: str,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.rmtree("models")
    stored(monkeypatch, content, reason)
    short = repository.git("rev-parse", "HEAD")[:12]
    with pytest.raises(InputError, match=message.replace("{}", short)):
        bundle(OUT)
    assert not list(OUT.parent.iterdir())


def test_a_revision_or_a_folder_that_cannot_be_used_is_said_with_the_way_out(
    repository: Repository,
) -> None:
    with pytest.raises(
        InputError,
        match=(
            r"^v9 is not a revision in this "
            r"clone; run: git fetch --tags"
        ),
    ):
        bundle(OUT, "v9")
    (OUT.parent / "there").mkdir(parents=True)
    with pytest.raises(InputError, match="there already exists; choose another folder"):
        bundle(OUT.parent / "there")
    paths.EVALUATION.unlink()
    repository.commit("Without results")
    with pytest.raises(InputError, match=r"has no reports/evaluation\.json; bundle a commit that"):
        bundle(OUT)
    paths.LOCK.unlink()
    repository.commit("Without a model")
    with pytest.raises(
        InputError, match=r"no model, because its dvc\.lock does not name models/model"
    ):
        bundle(OUT)
    assert [path.name for path in OUT.parent.iterdir()] == ["there"]


def test_what_git_says_of_a_damaged_repository_is_the_message(repository: Repository) -> None:
    digest = repository.git("rev-parse", "HEAD:README.md").strip()
    Path(".git/objects", digest[:2], digest[2:]).unlink()
    with pytest.raises(InputError, match=rf"^git archive: .*{digest}"):
        bundle(OUT)
    assert not list(OUT.parent.iterdir())
