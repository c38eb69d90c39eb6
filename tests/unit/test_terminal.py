"""A terminal shows what is printed, and obeys nothing in it."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tabrail.data import tables
from tabrail.errors import InputError, one_message
from tabrail.terminal import visible, visible_output

EVIL = "late\x1b[2J\x1b]0;title\x07\x9b31m\r\x08\x7f\u202egnp.csv"
OBEYED = set("\x1b\x07\x9b\r\x08\x7f\u202e")


def test_control_characters_are_shown_and_all_else_stays() -> None:
    assert visible(EVIL) == (
        r"late\u001b[2J\u001b]0;title\u0007\u009b31m\u000d\u0008\u007f\u202egnp.csv"
    )
    words = "tab\t, line\n, ünïcode 名前 🎈 €"
    assert visible(words) == words


@pytest.mark.parametrize("verb", ["validate", "ingest", "monitor", "outcomes", "predict"])
def test_no_verb_lets_a_terminal_obey_a_files_name(project: Path, verb: str) -> None:
    """Each verb names a file that is no table, on a real terminal."""
    name = EVIL.replace(".csv", ".txt").replace("\r", "")
    Path(name).write_text("a\n1\n")
    more = ["out.csv"] if verb == "predict" else []
    shown = on_terminal([sys.executable, "-m", "tabrail", verb, name, *more])
    assert "u001b[2J" in shown
    assert not OBEYED & set(shown.replace("\r\n", "\n"))


@pytest.mark.parametrize("letter", ["\n", "\r", "\u2028"])
def test_a_file_with_a_line_break_in_its_name_is_no_table(letter: str, tmp_path: Path) -> None:
    (tmp_path / f"a{letter}error: all is lost.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match="has a line break in its name; rename it") as raised:
        tables.find(tmp_path)
    assert len(str(raised.value).splitlines()) == 1


def on_terminal(command: list[str]) -> str:
    """Return what a terminal gets of a command."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdout=its, stderr=its, stdin=subprocess.DEVNULL)
    os.close(its)
    found = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        found += piece
    os.close(ours)
    process.wait()
    return found.decode()


@one_message()
def say() -> None:
    """Print in every way that there is."""
    print(EVIL)
    typer.echo(EVIL)
    sys.stdout.writelines([EVIL])
    print(EVIL, file=sys.stderr)
    raise InputError(f"{EVIL} is no table")


def test_both_streams_and_every_way_to_print(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        say()
    found = capsys.readouterr()
    assert not OBEYED & set(found.out + found.err)
    assert found.out.count("u202egnp.csv") == 3
    assert found.err.count("u202egnp.csv") == 2


def test_the_streams_are_as_before_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with visible_output():
        with visible_output():
            assert sys.stdout.stream is before[0]  # type: ignore[union-attr]
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


def test_a_console_without_a_letter_shows_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    with visible_output():
        print("名\x1b", flush=True)
    assert buffer.getvalue() == b"?\\u001b\n"
