"""Bad answers are refused before anything is written; hostile but good ones come out right."""

import configparser
import html
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from cookiecutter.cli import main as cookiecutter
from cookiecutter.environment import StrictEnvironment
from markdown_it import MarkdownIt

TEMPLATE = Path(__file__).parents[1]
ABSOLUTE = f"{TEMPLATE.anchor}data/Zürich"

BAD_ANSWERS = {
    "empty name": "project_name=",
    "blank name": "project_name=   ",
    "name of 65 characters": "project_name=" + "n" * 65,
    "line break in name": "project_name=a\nb",
    "no slug": "project_slug=",
    "slug that climbs": "project_slug=../evil",
    "slug that climbs far": "project_slug=../../evil",
    "slug of two dots": "project_slug=..",
    "slug of one dot": "project_slug=.",
    "slug with folders": "project_slug=a/b",
    "slug with backslash": "project_slug=a\\b",
    "slug that is absolute": "project_slug=/tmp/cookiecutter-dvc-evil/x",
    "slug of 65 characters": "project_slug=" + "s" * 65,
    "slug of 260 characters": "project_slug=" + "s" * 260,
    "slug with capitals": "project_slug=Flights",
    "slug with a space": "project_slug=a b",
    "slug with an umlaut": "project_slug=flüge",
    "slug that begins with a digit": "project_slug=2flights",
    "slug that ends with a hyphen": "project_slug=flights-",
    "slug with a line break at its end": "project_slug=flights\n",
    "keyword": "project_slug=class",
    "standard library": "project_slug=json",
    "standard library's tests": "project_slug=test",
    "the tests' own module": "project_slug=conftest",
    "standard library with _": "project_slug=concurrent",
    "direct dependency": "project_slug=pandas",
    "distribution name": "project_slug=scikit-learn",
    "import name": "project_slug=sklearn",
    "distribution name written with _": "project_slug=ruamel_yaml",
    "indirect dependency": "project_slug=requests",
    "plug-in of a remote": "project_slug=s3fs",
    "command": "project_slug=git",
    "own folder": "project_slug=src",
    "Windows device": "project_slug=nul",
    "control character in description": "description=a\x07b",
    "undecodable author": "author_name=\udcff",
    "no author": "author_name=",
    "no e-mail": "author_email=",
    "e-mail without a domain": "author_email=me@",
    "e-mail with a line break": "author_email=me@example.com\n[core]",
    "e-mail in angle brackets": "author_email=<me@example.com>",
    "unknown license": "license=GPL-3.0",
    "license in lower case": "license=mit",
    "unknown CI service": "ci=jenkins",
    "own table": "data_file=flights.csv",
    "own target": "target=late",
    "Google Drive": "dvc_remote=gdrive://folder",
    "unknown scheme": "dvc_remote=ftp://host/folder",
    "file URL": "dvc_remote=file:///data",
    "relative remote": "dvc_remote=../storage",
    "home folder": "dvc_remote=~/storage",
    "remote without a bucket": "dvc_remote=s3://",
    "password": "dvc_remote=ssh://me:SECRET@host/folder",
    "password with a slash": "dvc_remote=ssh://me:SEC/RET@host/folder",
    "password without a scheme": "dvc_remote=me:SECRET@host/folder",
    "token": "dvc_remote=https://SECRET@host/folder",
    "signed URL": "dvc_remote=azure://container/folder?sig=SECRET",
    "broken URL": "dvc_remote=s3://[SECRET",
    "remote with a space": "dvc_remote=/my data",
    "remote with a comma": "dvc_remote=/a,b",
    "remote with a comment": "dvc_remote=/a#b",
    "remote with a quote": "dvc_remote=/a'b",
    "line break in remote": "dvc_remote=s3://bucket\n    password = x",
}

HOSTILE = {
    "project_name": """Q "x" \\ 'y' ünï 🛫 </script> *a* _b_ # & $c$ [d](e) `f` |""",
    "project_slug": "hostile",
    "description": '1. """Перелёты""" \\n \\u0041 \\ <b>&amp;</b> ~~x~~ {x} %s $HOME `id` #',
    "author_name": """Zoë "The \\ Ö" O'Neil, <Jr.>""",
    "author_email": "zoë.o'neil+x@sub.example.org",
}

# Vega templates and the page that shows them speak a language with braces of their own.
WITH_BRACES_OF_THEIR_OWN = (".dvc/plots/*",)
PARSERS: dict[str, Callable[[str], object]] = {
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".json": json.loads,
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a configuration that keeps cookiecutter's records out of the home folder."""
    folder = tmp_path_factory.mktemp("config")
    file = folder / "config.yaml"
    file.write_text(f"replay_dir: {json.dumps(str(folder))}\n")
    return file


def arguments(config: Path, output: Path, *answers: str) -> list[str]:
    """Return the command line that generates a project, files only."""
    options = ["--no-input", "--config-file", str(config), "--output-dir", str(output)]
    return [str(TEMPLATE), *options, "setup=false", *answers]


def generate(config: Path, output: Path, *answers: str) -> Path:
    """Generate a project in a process of its own and return its folder."""
    output.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "cookiecutter", *arguments(config, output, *answers)]
    subprocess.run(command, check=True, capture_output=True)
    (project,) = output.iterdir()
    return project


def everything_in(folder: Path) -> list[Path]:
    """Return all paths in a folder."""
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_bad_answer_is_refused_in_one_sentence(answer: str, tmp_path: Path, config: Path) -> None:
    output = tmp_path / "above" / "output"
    output.mkdir(parents=True)
    before = everything_in(tmp_path)

    result = CliRunner().invoke(cookiecutter, arguments(config, output, answer))

    key = answer.partition("=")[0]
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a traceback"
    assert result.stdout == ""
    title, *sentences = result.stderr.splitlines()
    assert title == "Error: Nothing was written."
    assert [s for s in sentences if s.startswith(f"  {key}: ") and s.endswith(".")]
    # A bad name can take the slug derived from it along.
    assert len(sentences) == 1 or key == "project_name"
    assert "SECRET" not in result.output
    assert everything_in(tmp_path) == before
    assert not Path("/tmp/cookiecutter-dvc-evil").exists()


def test_all_problems_are_listed_at_once(tmp_path: Path, config: Path) -> None:
    bad = ["project_slug=class", "license=GPL", "ci=jenkins"]
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, *bad))
    sentences = result.stderr.splitlines()[1:]
    assert [s.split(":")[0].strip() for s in sentences] == ["project_slug", "license", "ci"]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite-if-exists"]], ids=["new", "overwrite"])
def test_folder_outside_is_left_alone(overwrite: list[str], tmp_path: Path, config: Path) -> None:
    evil = tmp_path / "evil" / "treasure.txt"
    evil.parent.mkdir()
    evil.write_text("mine")
    output = tmp_path / "output"
    output.mkdir()
    command = [sys.executable, "-m", "cookiecutter", *overwrite]
    command += arguments(config, output, "project_slug=../evil")

    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    assert result.returncode == 1
    assert "project_slug: '../evil'" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert everything_in(tmp_path) == [evil.parent, evil, output]
    assert evil.read_text() == "mine"


def test_existing_project_survives_a_bad_answer(tmp_path: Path, config: Path) -> None:
    project = tmp_path / "flight-delays"
    project.mkdir()
    (project / "mine.txt").write_text("mine")
    overwrite = [*arguments(config, tmp_path, "license=GPL"), "--overwrite-if-exists"]
    assert CliRunner().invoke(cookiecutter, overwrite).exit_code == 1
    assert everything_in(tmp_path) == [project, project / "mine.txt"]


def test_derived_slug(tmp_path: Path, config: Path) -> None:
    project = generate(config, tmp_path / "output", "project_name=Задержки рейсов")
    assert project.name == "zaderzhki-reisov"


def test_name_without_a_slug_of_its_own(tmp_path: Path, config: Path) -> None:
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, "project_name=🛫"))
    assert "project_slug: none can be derived from the name '🛫'" in result.stderr


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, config: Path) -> Path:
    """Return a project generated from answers that are good, but hard to write down."""
    answers = [f"{key}={value}" for key, value in HOSTILE.items()]
    return generate(config, tmp_path_factory.mktemp("hostile") / "output", *answers)


def texts_of(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each text file of a project."""
    for file in everything_in(project):
        if file.is_file():
            try:
                yield file.relative_to(project).as_posix(), file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_files_of_hostile_project_parse(hostile: Path) -> None:
    for path, text in texts_of(hostile):
        parse = PARSERS.get(Path(path).suffix)
        if parse:
            parse(text)


def test_no_jinja_is_left(hostile: Path) -> None:
    for path, text in texts_of(hostile):
        if not any(fnmatch(path, pattern) for pattern in WITH_BRACES_OF_THEIR_OWN):
            found = re.search(r"(?<!\$)\{\{|\{%|\{#|cookiecutter\.", text)
            assert not found, f"{path}: {text[found.start() : found.start() + 60]}"


def test_data_and_plots_are_copied_as_they_are(hostile: Path) -> None:
    source = TEMPLATE / "{{cookiecutter.project_slug}}"
    copied = [f for folder in (".dvc/plots", "data/raw") for f in everything_in(source / folder)]
    for file in copied:
        assert (hostile / file.relative_to(source)).read_bytes() == file.read_bytes()


def test_hostile_answers_reach_the_package(hostile: Path) -> None:
    text = (hostile / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    assert project["name"] == HOSTILE["project_slug"]
    assert project["description"] == HOSTILE["description"]
    author = {"name": HOSTILE["author_name"], "email": HOSTILE["author_email"]}
    assert project["authors"] == [author]


@pytest.mark.parametrize(
    ("license_", "words"),
    [
        ("MIT", "Permission is hereby granted, free of charge"),
        ("BSD-3-Clause", "3. Neither the name of the copyright holder"),
        ("Apache-2.0", 'Licensed under the Apache License, Version 2.0 (the "License")'),
        ("Proprietary", "All rights reserved."),
    ],
)
def test_license(license_: str, words: str, tmp_path: Path, config: Path) -> None:
    author = HOSTILE["author_name"]
    answers = [f"license={license_}", f"author_name={author}"]
    text = (generate(config, tmp_path / "output", *answers) / "LICENSE").read_text("utf-8")
    assert words in text
    assert re.search(rf"Copyright (\(c\) )?{datetime.now(UTC):%Y} {re.escape(author)}\n", text)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert len(re.findall("Copyright .*Zoë", text)) == 1


@pytest.mark.parametrize(
    ("remote", "url", "verify"),
    [
        ("", "../../flight-delays-dvc-storage", None),
        (ABSOLUTE, ABSOLUTE, None),
        ("s3://bucket/folder", "s3://bucket/folder", "true"),
        ("ssh://me@host:2222/folder", "ssh://me@host:2222/folder", "true"),
    ],
)
def test_remote(remote: str, url: str, verify: str | None, tmp_path: Path, config: Path) -> None:
    project = generate(config, tmp_path / "output", f"dvc_remote={remote}")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(project / ".dvc" / "config", encoding="utf-8")
    section = parser["'remote \"storage\"'"]
    assert section["url"] == url
    assert section.get("verify") == verify


def rendered(template: str, text: str) -> str:
    """Render a template with one of our filters."""
    sys.path.append(str(TEMPLATE))
    try:
        context = {"cookiecutter": {"_extensions": ["cookiecutter_dvc.Answers"]}}
        return str(StrictEnvironment(context=context).from_string(template).render(text=text))
    finally:
        sys.path.remove(str(TEMPLATE))


@pytest.mark.parametrize("text", [*HOSTILE.values(), "- a", "+ b", "== c", "2) d", "# e", "---"])
def test_markdown_shows_the_text(text: str) -> None:
    shown = MarkdownIt("commonmark").render(rendered("{{ text | markdown }}", text))
    assert html.unescape(re.sub(r"^<p>|</p>\n$", "", shown)) == text
    heading = MarkdownIt("commonmark").render(rendered("# {{ text | markdown }}", text))
    assert html.unescape(re.sub(r"^<h1>|</h1>\n$", "", heading)) == text


@pytest.mark.parametrize("text", HOSTILE.values())
def test_quoted_text_is_read_back(text: str) -> None:
    line = rendered('"{{ text | quoted }}"', text)
    assert json.loads(line) == text
    assert yaml.safe_load(line) == text
    assert tomllib.loads(f"x = {line}")["x"] == text


@pytest.mark.parametrize(
    ("remote", "extra"),
    [("", ""), ("/data", ""), ("https://x/y", ""), ("s3://x", "[s3]"), ("webdavs://x", "[webdav]")],
)
def test_extra_of_dvc(remote: str, extra: str) -> None:
    assert rendered("{{ text | dvc_extra }}", remote) == extra
