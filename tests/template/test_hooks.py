"""The hooks by themselves: no network, fake tools, every way in which the set-up can go wrong."""

import importlib
import importlib.util
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cookiecutter.utils import create_env_with_context
from end_to_end.markdown import tables

PYTHON = sys.executable
TEMPLATE = Path(__file__).parents[2]
HOOKS = TEMPLATE / "hooks"
os.environ["COOKIECUTTER_DVC"] = str(TEMPLATE)  # as the extension does
PIN = f"uv python pin {sys.version_info.major}.{sys.version_info.minor}"
VENV = "uv venv --clear --relocatable"
BUILD = f"uv build --wheel --no-create-gitignore --out-dir vendor {TEMPLATE}"
GUESSES = "The interval reaches the baseline: so far, the model only guesses."
ANSWERS = {
    "data_file": "",
    "target": "",
    "project_name": """My "Q" näme 🛫 'a' \\""",
    "project_slug": "my-project",
    "author_name": """Zoë "The" O'Neil""",
    "author_email": "zoe@example.org",
    "parts": "",
    "setup": True,
}
ALL_STEPS = [
    "git init",
    "git symbolic-ref HEAD refs/heads/main",
    "uv build --wheel",
    "uv python pin",
    "uv venv --clear --relocatable",
    "uv sync",
    "uv run dvc add data/raw",
    "uv run dvc repro",
    "uv run pre-commit install",
    "git add --all",
    "git commit -m",
    "uv run dvc push",
]

needs_posix = pytest.mark.skipif(os.name == "nt", reason="the fake tools are shell scripts")


def load(name: str) -> ModuleType:
    """Import a hook that has not been rendered."""
    spec = importlib.util.spec_from_file_location(name, HOOKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


post_gen = load("post_gen_project")
pre_gen = load("pre_gen_project")
closing, commands, rules = post_gen.closing, post_gen.commands, post_gen.rules
reserved = importlib.import_module("cookiecutter_dvc_hooks.reserved")

GOOD = {
    **dict.fromkeys(rules.CHECKS, ""),
    "project_name": "A",
    "project_slug": "a-b",
    "author_name": "B",
    "author_email": "a@example.org",
    "license": "MIT",
    "ci": "none",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a generated project, which is the current one."""
    folder = tmp_path / "stand here" / "my-project"
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "data" / "raw" / "table.csv").write_text("a,b\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PWD", str(tmp_path / "stand here"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return folder


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the only tools there are: a fake `git` and a fake `uv`.

    They note how they were called in `calls`, and fail if the call holds the text in `fail`. The
    folder in `hooks` is where Git takes hooks from.
    """
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("git", "uv"):
        tool = folder / name
        tool.write_text(
            "#!/bin/sh\n"
            f'echo "{name} $*" >> "{folder}/calls"\n'
            f'test "$1" = config && test "$2" = --global && exit 1\n'
            f'test "$1" = run && cat "{folder}/warnings" 2>/dev/null\n'
            f'test "$3" = core.hooksPath && cat "{folder}/hooks" 2>/dev/null && exit 0\n'
            f'fail=$(cat "{folder}/fail" 2>/dev/null) || exit 0\n'
            'case "$*" in *"$fail"*) seq 1 20; echo "no network" >&2; exit 3;; esac\n'
        )
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere" / "python"))
    monkeypatch.setattr(commands, "find", finder(folder))
    return folder


def finder(folder: Path) -> Callable[[str], str | None]:
    """Return a substitute for `find` that sees the tools of one folder only."""
    return lambda tool: shutil.which(tool, path=str(folder))


def calls(tools: Path) -> list[str]:
    """Return how the fake tools were called, without the questions to Git."""
    questions = ("--get", "rev-parse", "ls-files", "check-ignore")
    called = (tools / "calls").read_text().splitlines()
    return [call for call in called if not any(word in call for word in questions)]


def set_up(project: Path, **changes: object) -> None:
    """Set a project up in this process."""
    post_gen.main(post_gen.Answers(**{**ANSWERS, **changes}), project)


def commands_in(text: str) -> list[str]:
    """Return the commands that are printed for the user to copy."""
    return [
        line.strip() for line in text.splitlines() if line.startswith("    ") and "|" not in line
    ]


def rendered(name: str, answers: dict[str, Any], folder: Path) -> str:
    """Render a hook as cookiecutter does and return its path."""
    text = (HOOKS / f"{name}.py").read_text(encoding="utf-8")
    script = folder / f"{name}.py"
    context = {"cookiecutter": answers}
    script.write_text(create_env_with_context({}).from_string(text).render(context), "utf-8")
    return str(script)


@pytest.mark.parametrize(
    "text",
    ['"', '"""', "'''", "\\", '\\"', 'end\\"""', "</script>&'", "🛫 ü я", "a\nb", "\\u0041\\n", ""],
)
def test_any_answer_reaches_the_hook(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    answers = {**ANSWERS, "description": text, "setup": False}
    scope = runpy.run_path(rendered("post_gen_project", answers, tmp_path), run_name="__main__")
    assert scope["CONTEXT"] == answers


def test_pre_gen_refuses_with_exit_code(tmp_path: Path) -> None:
    assert rules.problems(GOOD) == []
    script = rendered("pre_gen_project", {**GOOD, "project_slug": "../evil"}, tmp_path)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "project_slug: '../evil' cannot name" in done.stderr
    assert "Traceback" not in done.stderr


def test_pre_gen_looks_for_the_table_unless_cruft_updates(tmp_path: Path) -> None:
    gone = {**GOOD, "data_file": str(tmp_path / "gone.csv"), "target": "price"}
    under = {"cruft": gone, "cookiecutter": {**gone, "_output_dir": str(tmp_path)}}
    codes = {
        program: subprocess.run(
            [sys.executable, rendered("pre_gen_project", answers, tmp_path)], check=False
        ).returncode
        for program, answers in under.items()
    }
    assert codes == {"cruft": 0, "cookiecutter": 1}


@needs_posix
@pytest.mark.parametrize("table", ["", "table.csv"])
def test_who_brings_a_table_is_asked_what_is_known_in_time(
    table: str, project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(project, data_file=table, target="b")
    said = "known when the model predicts" in capsys.readouterr().out
    assert said == bool(table)


@needs_posix
def test_warnings_of_the_first_run_are_shown(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tools / "warnings").write_text("Running\nwarning: the score is rarely true\nerror: not this\n")
    set_up(project)
    printed = capsys.readouterr().out
    assert printed.count("the score is rarely true") == 1  # only the stages' own
    assert re.search(r"First run .*\n    \| warning: the score is rarely true\n  Hooks", printed)
    assert "not this" not in printed


@needs_posix
def test_everything_is_run_in_order(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "reports").mkdir()
    (project / "reports" / "evaluation.json").write_text(evaluation("roc_auc", 0.6914, 0.65, 0.72))

    set_up(project)

    called = [call for call in calls(tools) if not call.startswith("git config")]
    assert all(call.startswith(step) for call, step in zip(called, ALL_STEPS, strict=True))
    assert f"git config user.name {ANSWERS['author_name']}" in calls(tools)
    assert f"git config user.email {ANSWERS['author_email']}" in calls(tools)
    out = capsys.readouterr().out
    assert [line.split("  ")[1] for line in out.splitlines() if line.endswith(" s")] == [
        "Git repository",
        "Library built",
        "Environment",
        "Data tracked",
        "First run",
        "Hooks",
        "First commit",
        "Data pushed",
    ]
    assert "Validation roc_auc: 0.691 (95% interval 0.650 to 0.720; baseline 0.500)\n\nTry:" in out
    assert "    cd my-project\n    uv run dvc plots show" in out
    assert "\r" not in out


@needs_posix
def test_files_only(project: Path, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".github" / "workflows").mkdir(parents=True)

    set_up(project, setup=False)

    assert calls(tools) == []
    assert not (project / ".github").exists()
    remaining = commands_in(capsys.readouterr().out)
    assert remaining[0] == "cd my-project"
    assert "git config user.email zoe@example.org" in remaining
    steps = [command for command in remaining[1:] if not command.startswith("git config")]
    assert all(command.startswith(step) for command, step in zip(steps, ALL_STEPS, strict=True))


@needs_posix
@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("my houses.csv", "stand here/my houses.csv"),
        ("../parts", "stand here/../parts"),
        ("~/x.csv", "home/x.csv"),
    ],
    ids=["relative", "above", "home"],
)
def test_own_table_is_brought_in(
    given: str,
    file: str,
    project: Path,
    tools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    set_up(project, data_file=given, target=" the price ")
    ingest = f"uv run tabrail ingest {tmp_path / file} --target the price --yes"
    expected = [ingest if step == "uv run dvc add data/raw" else step for step in ALL_STEPS]
    called = [call for call in calls(tools) if not call.startswith("git config")]
    assert all(call.startswith(step) for call, step in zip(called, expected, strict=True))


@needs_posix
def test_parts_are_added_before_the_first_run(project: Path, tools: Path) -> None:
    set_up(project, parts="release, notebook,release")
    called = calls(tools)
    add = called.index("uv run tabrail add release notebook")
    assert called.index("uv sync") < add < called.index("uv run dvc repro")


@needs_posix
def test_own_table_is_among_what_remains(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = project.parent / "it's mine.csv"
    (tools / "fail").write_text("sync")

    set_up(project, data_file=str(table), target='"price" $')

    remaining = commands_in(capsys.readouterr().out)
    assert remaining[:5] == [
        "cd my-project",
        PIN,
        VENV,
        "uv sync",
        shlex.join(
            ["uv", "run", "tabrail", "ingest", str(table), "--target", '"price" $', "--yes"]
        ),
    ]


@needs_posix
def test_without_uv(project: Path, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tools / "uv").unlink()

    set_up(project)

    assert {call.split()[0] for call in calls(tools)} == {"git"}
    out = capsys.readouterr().out
    assert "skipped: uv was not found; to install it: pip install uv" in out
    assert 'skipped: it needs "Environment"' in out
    remaining = commands_in(out)
    assert remaining[:5] == ["cd my-project", BUILD, PIN, VENV, "uv sync"]
    assert "git init" not in remaining


@needs_posix
def test_without_git(project: Path, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tools / "git").unlink()

    set_up(project)

    assert calls(tools) == [BUILD, PIN, VENV, "uv sync"]
    out = capsys.readouterr().out
    assert "skipped: git was not found; to install it: see https://git-scm.com" in out
    assert "uv sync" not in commands_in(out)


@needs_posix
def test_failing_push_keeps_the_commit(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tools / "fail").write_text("push")

    set_up(project)

    out = capsys.readouterr().out
    assert "First commit     " in out
    assert "Data pushed     failed: uv run dvc push" in out
    assert "    | no network" in out
    assert "    | 7\n" in out
    assert "    | 6\n" not in out
    assert commands_in(out) == ["cd my-project", "uv run dvc push"]
    assert (project / "data" / "raw" / "table.csv").exists()


@needs_posix
def test_failing_run_leaves_hooks_installed_but_no_commit(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tools / "fail").write_text("repro")

    set_up(project)

    assert "uv run pre-commit install" in calls(tools)
    assert not [call for call in calls(tools) if "commit -m" in call or "push" in call]
    remaining = commands_in(capsys.readouterr().out)
    assert remaining[1:3] == ["uv run dvc repro", "git add --all"]
    assert remaining[-1] == "uv run dvc push"


@needs_posix
@pytest.mark.parametrize("failing", ["init", "build", "sync", "dvc add", "install", "commit -m"])
def test_any_failure_exits_with_zero(
    failing: str, project: Path, tools: Path, tmp_path: Path
) -> None:
    (tools / "fail").write_text(failing)
    script = rendered("post_gen_project", {**ANSWERS, "_output_dir": ""}, tmp_path)
    done = subprocess.run(
        [PYTHON, script], cwd=project, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert failing in done.stdout


@needs_posix
def test_printed_commands_can_be_copied(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(project, setup=False)
    script = "\n".join(commands_in(capsys.readouterr().out))
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.defpath}"}
    subprocess.run(["sh", "-ec", script], cwd=project.parent, env=environment, check=True)
    message = f"Set up {ANSWERS['project_name']}: data tracked, pipeline run once"
    assert f"git commit -m {message}" in calls(tools)


@needs_posix
def test_the_hooks_of_a_company_stay(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tools / "hooks").write_text("/opt/hooks\n")

    set_up(project)

    assert "uv run pre-commit install" not in calls(tools)
    out = capsys.readouterr().out
    assert re.search(r"^  Hooks +skipped: Git runs the hooks in /opt/hooks ", out, re.MULTILINE)
    assert "First commit     " in out
    assert commands_in(out) == [
        "cd my-project",
        "git config core.hooksPath ''",
        "uv run pre-commit install",
        "git config core.hooksPath .git/hooks",
    ]


@needs_posix
def test_ctrl_c_stops_and_says_what_remains(
    project: Path,
    tools: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = commands.run

    def run_until_interrupted(command: tuple[str, ...], *rest: object) -> object:
        if "repro" in command:
            raise KeyboardInterrupt
        return run(command, *rest)

    monkeypatch.setattr(commands, "run", run_until_interrupted)
    set_up(project)

    out = capsys.readouterr().out
    assert "First run       stopped" in out
    assert commands_in(out)[:3] == [
        "cd my-project",
        "uv run dvc repro",
        "uv run pre-commit install",
    ]
    assert not [call for call in calls(tools) if "pre-commit" in call]


@needs_posix
def test_seconds_tick_on_a_terminal(
    project: Path,
    tools: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tools / "uv").write_text("#!/bin/sh\nexec sleep 0.1\n")
    monkeypatch.setattr(commands, "SECONDS_BETWEEN_TICKS", 0.01)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    set_up(project)

    assert "  Environment       0.0 s\r" in capsys.readouterr().out


@needs_posix
def test_repository_that_was_there_before_is_left_alone(
    project: Path, tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".git").mkdir()
    (project / "empty").mkdir()

    set_up(project)

    assert not (tools / "calls").exists()
    assert (project / "empty").exists()
    assert "my-project is already a Git repository" in capsys.readouterr().out


@needs_posix
@pytest.mark.skipif(not shutil.which("git"), reason="Git is not installed")
def test_first_commit_is_the_authors(
    project: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = shutil.which("git", path=os.defpath)
    assert git
    (tools / "git").unlink()
    (tools / "git").symlink_to(git)
    monkeypatch.setenv("GIT_DIR", str(project.parent))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody else")

    set_up(project)

    monkeypatch.delenv("GIT_DIR")
    log = [git, "log", "--format=%an %ae|%cn %ce|%s|%D"]
    done = subprocess.run(log, cwd=project, capture_output=True, encoding="utf-8", check=True)
    author = f"{ANSWERS['author_name']} {ANSWERS['author_email']}"
    message = f"Set up {ANSWERS['project_name']}: data tracked, pipeline run once"
    assert done.stdout == f"{author}|{author}|{message}|HEAD -> main\n"
    config = (project / ".git" / "config").read_text(encoding="utf-8")
    assert "zoe@example.org" in config


def test_environment_of_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in commands.LEAVE_OUT:
        monkeypatch.setenv(name, "somewhere")
    environment = post_gen.environment_for(post_gen.Answers(**ANSWERS))
    assert not set(commands.LEAVE_OUT) & set(environment)
    assert environment["GIT_COMMITTER_EMAIL"] == "zoe@example.org"


def test_tools_are_found_beside_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    name = "uv.exe" if os.name == "nt" else "uv"
    assert commands.find("uv") is None
    (tmp_path / name).touch(mode=0o755)
    assert commands.find("uv") == str(tmp_path / name)


@pytest.mark.parametrize("start", ["", "elsewhere"], ids=["unknown", "not above"])
def test_way_to_the_project_from_elsewhere(
    start: str, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PWD", str(tmp_path / start) if start else "")
    assert closing.way_to(project) == commands.written(("cd", str(project)))


def evaluation(
    metric: object,
    value: object,
    *bounds: float | None,
    baseline: float | None = 0.5,
    better: str = "higher",
) -> str:
    """Return reports/evaluation.json as far as the closing line reads it."""
    low, high = bounds or (None, None)
    numbers = {"value": value, "low": low, "high": high, "baseline_value": baseline}
    described = {metric: {"better": better, "unit": "target" if metric == "mae" else "none"}}
    scores = {"metrics": {metric: numbers}}
    return json.dumps({"main_metric": metric, "metrics": described, "validation": scores})


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (evaluation("mae", 2.5), "mae: 2.500"),
        (evaluation("mae", -12345.6789), "mae: -12,346"),
        (
            evaluation("mae", 22511.5, 999.9, 1e5, baseline=0.0001),
            "mae: 22,512 (95% interval 999.900 to 100,000; baseline 1.00e-04)",
        ),
        (
            evaluation("mae", 2, 1, 3, baseline=4, better="lower"),
            "mae: 2.000 (95% interval 1.000 to 3.000; baseline 4.000)",
        ),
        (
            evaluation("mae", 2, 1, 4, baseline=4, better="lower"),
            f"mae: 2.000 (95% interval 1.000 to 4.000; baseline 4.000)\n{GUESSES}",
        ),
        (
            evaluation("roc_auc", 0.508, 0.48, 0.53),
            f"roc_auc: 0.508 (95% interval 0.480 to 0.530; baseline 0.500)\n{GUESSES}",
        ),
        (
            evaluation("r2", 0.6, 0.55, 0.65, baseline=-0.01),
            "r2: 0.600 (95% interval 0.550 to 0.650; baseline -0.010)",
        ),
        (evaluation("mae", 2.5).replace("main_metric", "metric"), ""),
        (evaluation("mae", "?"), ""),
        (evaluation("mae", None), ""),
        ("[]", ""),
        ("nonsense", ""),
    ],
)
def test_headline_score(text: str, score: str, project: Path) -> None:
    (project / "reports").mkdir()
    (project / "reports" / "evaluation.json").write_text(text)
    assert closing.headline_score(project) == (score and f"\nValidation {score}")


def test_missing_evaluation_is_no_error(project: Path) -> None:
    assert closing.headline_score(project) == ""


def test_reserved_names_are_sorted_and_normalised() -> None:
    names = reserved.PACKAGE_NAMES.split()
    assert names == sorted(set(names))
    assert all(name == re.sub(r"[-_.]+", "-", name).lower() for name in names)


def test_the_manual_lists_every_question_with_its_choices() -> None:
    page = (TEMPLATE / "docs" / "generate.md").read_text(encoding="utf-8")
    ((_, *rows),) = (rows for above, rows in tables(page) if above == "The questions")
    listed = {name.strip("`"): (default, answer) for name, default, answer in rows}
    asked = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    assert list(listed) == [name for name in asked if not name.startswith("_")]
    for name, choices in (("license", rules.LICENSES), ("ci", rules.CI_SERVICES)):
        assert listed[name] == (asked[name], f"{', '.join(choices[:-1])} or {choices[-1]}")
    assert f"at most {rules.LONGEST_NAME} characters" in page
