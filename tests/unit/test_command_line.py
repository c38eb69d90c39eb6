"""Whatever happens to a command is one message and an exit code, and its paths are the user's."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import typer
from typer.testing import CliRunner

from tabrail import deploy
from tabrail.batch import pending
from tabrail.cli import app as cli
from tabrail.cli.arguments import START, given, refuse_untrusted
from tabrail.errors import InputError, one_message
from tabrail.review import merge, revision, verify
from tabrail.review.check import Check


def raised(error: BaseException) -> NoReturn:
    """Raise an exception."""
    raise error


FULL_DISK = "No space left on device; make room on the disk, then repeat the command"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("a.csv is empty"), "a.csv is empty"),
        (OSError(28, "No space left", "out.csv"), f"out.csv: {FULL_DISK}"),
        (OSError(28, "No space left"), FULL_DISK),
        (OSError(13, "denied", "out.csv"), "out.csv: Permission denied"),
        (OSError("a pipe is gone"), "a pipe is gone"),
        (MemoryError("8 GB for an array"), "not enough memory: 8 GB for an array"),
    ],
)
@pytest.mark.parametrize("code", [1, 2])
def test_what_goes_wrong_is_one_line_and_the_exit_code(
    error: Exception, said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, one_message(code):
        raised(error)
    assert ended.value.code == code
    assert capsys.readouterr().err == f"error: {said}\n"


def test_a_fault_of_the_program_has_its_traceback_and_no_verdicts_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ZeroDivisionError), one_message():
        raised(ZeroDivisionError())
    with pytest.raises(SystemExit, match="2"), one_message(2):
        raised(ZeroDivisionError())
    assert "Traceback" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="130"), one_message():
        raised(KeyboardInterrupt())


def groups(name: str, command: Any) -> Iterator[str]:
    """Yield the path of a command that has subcommands, and the paths of those that have some."""
    if subcommands := getattr(command, "commands", {}):
        yield name
        for sub, found in subcommands.items():
            yield from groups(f"{name} {sub}", found)


def test_help_shows_every_summary_whole_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    paths = list(groups("tabrail", typer.main.get_command(cli.app)))
    assert paths[0] == "tabrail"
    for path in paths:
        shown = CliRunner().invoke(cli.app, [*path.split()[1:], "--help"]).output
        summaries = shown.partition("Commands:")[2]
        assert len(summaries.splitlines()) > 1
        assert "..." not in summaries
        assert max(map(len, summaries.splitlines())) <= 80


def test_a_path_is_seen_from_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv(START, str(tmp_path / "data"))
    assert given("a.csv") == Path("data/a.csv")
    assert given("../a.csv") == Path("a.csv")
    assert given("/a.csv") == Path("/a.csv")
    monkeypatch.setenv(START, str(tmp_path))
    assert given("a.csv") == Path("a.csv")


def test_a_stage_has_a_recorded_model() -> None:
    refuse_untrusted("", untrusted=True)
    refuse_untrusted("prod", untrusted=False)
    with pytest.raises(InputError, match="--stage prod takes one that is recorded; leave one of"):
        refuse_untrusted("prod", untrusted=True)


@pytest.mark.parametrize("arguments", [[], ["mine"]])
def test_merge_takes_what_origin_has_unless_it_is_told(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def merged(name: str, show: Callable[[str], None]) -> None:
        show(f"merged {name}")

    monkeypatch.setattr(merge, "merge", merged)
    done = CliRunner().invoke(cli.app, ["merge", *arguments])
    assert (done.exit_code, done.output) == (0, f"merged {[*arguments, 'origin/main'][0]}\n")


def test_a_command_that_merges_shows_its_own_lines(capfd: pytest.CaptureFixture[str]) -> None:
    assert merge.call(["sh", "-c", "echo run; exit 3"]) == 3
    assert capfd.readouterr().out == "run\n"


def test_another_revision_is_verified_in_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = {"cache": {"dir": "here"}}
    inside: list[str] = []

    @contextmanager
    def checked_out(name: str) -> Iterator[dict[str, Any]]:
        inside.append(name)
        yield config
        inside.clear()

    def checks(base: str | None, **options: Any) -> Iterator[Check]:
        assert options == {"remote": False, "config": config if inside else None}
        yield Check("base", "FAILED" if inside else "ok", f"{inside} and {base}")

    monkeypatch.setattr(revision, "checked_out", checked_out)
    monkeypatch.setattr(verify, "checks", checks)
    done = CliRunner().invoke(cli.app, ["verify", "--rev", "v1", "--base", "v0", "--no-remote"])
    assert (done.exit_code, done.output) == (1, "FAILED    base: ['v1'] and v0\n")
    done = CliRunner().invoke(cli.app, ["verify", "--no-remote"])
    assert (done.exit_code, done.output) == (0, "ok        base: [] and None\n")
    done = CliRunner().invoke(cli.app, ["verify", "--pushed", "--rev", "v1"])
    assert done.exit_code == 1
    assert "--pushed checks what Git pushes; leave out --base, --rev and --no-remote" in done.output


@pytest.mark.parametrize("complete", [True, False])
def test_a_batch_of_a_stage_is_scored_by_its_release(
    complete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = SimpleNamespace(predict=lambda *_: "scored", version="model@v0.1.0")

    def deployed(stage: str, say: Callable[[str], None]) -> Any:
        say(f"{stage} is here")
        return release

    def score_pending(*arguments: Any) -> bool:
        incoming, scored, rejected, score, version, show, warn = arguments
        assert (incoming, scored, rejected) == (Path("in"), Path("out"), None)
        assert version == "model@v0.1.0"
        show(score())
        warn("a table was in the way")
        return complete

    monkeypatch.setattr(deploy, "deploy", deployed)
    monkeypatch.setattr(pending, "score_pending", score_pending)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    done = CliRunner().invoke(cli.app, ["batch", "in", "out", "--stage", "prod"])
    assert done.exit_code == (not complete)
    assert done.stdout == "scored\n"
    assert done.stderr == "prod is here\na table was in the way\n"


def test_on_windows_the_one_who_waits_waits_for_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def call(command: list[str], **options: Any) -> int:
        assert options["cwd"] == tmp_path
        asked.append(command)
        return 3

    here = deploy.Deployed("model@v0.1.0", tmp_path)
    monkeypatch.setattr(subprocess, "call", call)
    with monkeypatch.context() as there:
        there.setattr("os.name", "nt")
        there.setattr(deploy, "_variables", dict)
        there.setattr(deploy.Deployed, "_command", lambda _, arguments: ["python", *arguments])
        with pytest.raises(SystemExit, match="3"):
            here.become(["serve"])
    assert asked == [["python", "serve"]]
