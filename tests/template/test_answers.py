"""Bad answers are refused before anything is written; hostile but good ones come out right."""

import ast
import configparser
import gzip
import hashlib
import html
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from cookiecutter.cli import main as cookiecutter
from cookiecutter.environment import StrictEnvironment
from markdown_it import MarkdownIt

from tabrail.rendering import dvc_extra, quoted

TEMPLATE = Path(__file__).parents[2]
SOURCE = TEMPLATE / "{{cookiecutter.project_slug}}"
SAMPLE = Path("raw", "flights.parquet")
ABSOLUTE = f"{TEMPLATE.anchor}data/Zürich"

needs_posix = pytest.mark.skipif(os.name == "nt", reason="the paths are those of POSIX")

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
    "unknown part": "parts=releese",
    "unknown part among known ones": "parts=notebook, docker compose",
    "table that is not there": "data_file=houses.csv",
    "table of nobody": "data_file=~nobody-of-this-name/houses.csv",
    "table with a line break": "data_file=a\nb.csv",
    "table of blanks": "data_file=  ",
    "spreadsheet": f"data_file={__file__}",
    "target without a table": "target=price",
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

# Vega templates, the page that shows them and Python speak languages with braces of their own.
WITH_BRACES_OF_THEIR_OWN = (".dvc/plots/*", "src/*.py", ".gitlab/*")
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


def attempt(
    config: Path,
    output: Path,
    *answers: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Generate a project in a process of its own, standing in a folder; return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", "cookiecutter", *arguments(config, output, *answers)],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def generate(config: Path, output: Path, *answers: str) -> Path:
    """Generate a project in a process of its own and return its folder."""
    output.mkdir(exist_ok=True)
    attempt(config, output, *answers).check_returncode()
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
    # A bad name can take the slug derived from it along, and every table needs a target.
    assert len(sentences) == 1 or key in ("project_name", "data_file")
    assert "SECRET" not in result.output
    assert everything_in(tmp_path) == before
    assert not Path("/tmp/cookiecutter-dvc-evil").exists()


def test_all_problems_are_listed_at_once(tmp_path: Path, config: Path) -> None:
    bad = ["project_slug=class", "license=GPL", "ci=jenkins"]
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, *bad))
    sentences = result.stderr.splitlines()[1:]
    assert [s.split(":")[0].strip() for s in sentences] == ["project_slug", "license", "ci"]


def test_part_without_a_service_to_run_it_is_refused(tmp_path: Path, config: Path) -> None:
    answers = arguments(config, tmp_path, "ci=none", "parts=notebook,monitor")
    result = CliRunner().invoke(cookiecutter, answers)
    assert result.exit_code == 1
    assert "parts: 'monitor' is for GitHub or GitLab; leave it out" in result.stderr


def test_nearest_part_is_named(tmp_path: Path, config: Path) -> None:
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, "parts=releese"))
    assert (
        "'releese' is not a part; did you mean 'release'? The parts are release," in result.stderr
    )


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


def test_private_variables_of_the_users_own_defaults_are_not_taken(
    tmp_path: Path, config: Path
) -> None:
    names = [
        *("__checked", "__manual", "__package", "__remote_url", "__dvc_extra"),
        *("__library_version", "__name_quoted", "__author_markdown", "__target_markdown"),
    ]
    known = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    names += [name for name in known if name.startswith("__") and name != "__prompts__"]
    # Cookiecutter warns of the first default that it cannot use, and takes none that is below.
    defaults = {"description": "Mine"} | dict.fromkeys([*names, "_extensions"], "from elsewhere")
    own = tmp_path / "config.yaml"
    own.write_text(f"{config.read_text()}default_context: {json.dumps(defaults)}\n")
    project = generate(own, tmp_path / "output", "author_name=A")
    texts = [path.read_text(errors="replace") for path in project.rglob("*") if path.is_file()]
    assert not [text for text in texts if "from elsewhere" in text]
    assert not [path for path in project.rglob("*") if "elsewhere" in path.name]
    assert (project / "src" / "flight_delays" / "train.py").exists()
    assert "Mine" in (project / "README.md").read_text()


def test_private_defaults_do_not_avoid_the_rules(tmp_path: Path, config: Path) -> None:
    own = tmp_path / "config.yaml"
    defaults = {"__checked": "yes", "license": "GPL"}
    own.write_text(f"{config.read_text()}default_context: {json.dumps(defaults)}\n")
    result = CliRunner().invoke(cookiecutter, arguments(own, tmp_path / "output"))
    assert result.exit_code == 1
    assert not everything_in(tmp_path / "output")


def test_derived_slug(tmp_path: Path, config: Path) -> None:
    project = generate(config, tmp_path / "output", "project_name=Задержки рейсов")
    assert project.name == "zaderzhki-reisov"


def test_name_without_a_slug_of_its_own(tmp_path: Path, config: Path) -> None:
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, "project_name=🛫"))
    assert "project_slug: no slug can be derived from the name '🛫'" in result.stderr


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
        theirs = any(fnmatch(path, pattern) for pattern in WITH_BRACES_OF_THEIR_OWN)
        braces = "" if theirs else r"(?<!\$)\{\{|\{%|\{#|"
        found = re.search(rf"{braces}cookiecutter\.", text)
        assert not found, f"{path}: {text[found.start() : found.start() + 60]}"


def test_code_data_and_plots_are_copied_as_they_are(hostile: Path) -> None:
    plots = TEMPLATE / "src" / "tabrail" / "templates" / "project" / "plots"
    for file in everything_in(plots):
        assert (hostile / ".dvc" / "plots" / file.name).read_bytes() == file.read_bytes()
    assert len(everything_in(hostile / ".dvc" / "plots")) == len(everything_in(plots))
    # The linters of a commit would stumble over quotes and backslashes in a docstring.
    for module in (hostile / "src" / "hostile").iterdir():
        code = module.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(code))
        assert HOSTILE["project_name"] not in code
        assert HOSTILE["description"] not in code
    assert everything_in(hostile / "data") == [hostile / "data/raw", hostile / "data" / SAMPLE]
    (sample,) = (SOURCE / "data" / "raw").iterdir()
    assert (hostile / "data" / SAMPLE).read_bytes() == sample.read_bytes()


def test_record_has_the_hash_of_what_was_written(hostile: Path) -> None:
    record = json.loads((hostile / ".tabrail.json").read_text(encoding="utf-8"))
    assert {"params.yaml", "dvc.yaml", ".github/workflows/verify.yaml"} <= set(record["files"])
    for name, digest in record["files"].items():
        assert hashlib.sha256((hostile / name).read_bytes()).hexdigest() == digest, name
    assert record["answers"].items() >= HOSTILE.items()


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
    extension()
    context = {"cookiecutter": {"_extensions": ["cookiecutter_dvc.Answers"]}}
    return str(StrictEnvironment(context=context).from_string(template).render(text=text))


def extension() -> ModuleType:
    """Return the module of our filters."""
    sys.path.append(str(TEMPLATE))
    try:
        return importlib.import_module("cookiecutter_dvc")
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
    line = f'"{quoted(text)}"'
    assert json.loads(line) == text
    assert yaml.safe_load(line) == text
    assert tomllib.loads(f"x = {line}")["x"] == text


@pytest.mark.parametrize(
    ("remote", "extra"),
    [("", ""), ("/data", ""), ("https://x/y", ""), ("s3://x", "[s3]"), ("webdavs://x", "[webdav]")],
)
def test_extra_of_dvc(remote: str, extra: str) -> None:
    assert dvc_extra(remote) == extra


ROWS = [f"{i % 97},{i * i % 89 / 7:.3f},{i},{('no', 'yes')[i * i % 7 > 2]}" for i in range(300)]
HOUSES = "\n".join(["area,rent,visits,sold", *ROWS, ""])


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a folder with a table, in which the user stands."""
    folder = tmp_path / "my desk"
    folder.mkdir()
    (folder / "house_prices.csv").write_text(HOUSES, encoding="utf-8")
    return folder


BAD_FILES = {
    "notes/a.txt": HOUSES,
    "notes/b.xlsx": "PK",
    "parts/a.csv": HOUSES,
    "parts/b.csv": "",
    "bad/prose.csv": "Once upon a time,\nthere was no table.\n",
    "bad/few.csv": "\n".join(HOUSES.splitlines()[:4]),
    "bad/constant.csv": HOUSES.replace("no", "yes"),
}
BAD_TABLES = {
    "misspelled": ("house_price.csv", "nearest to it there: 'house_prices.csv'"),
    "nowhere": ("no/such/folder/x.csv", "give a path that starts with / or ~, or is relative to /"),
    "folder without a table": ("notes", "holds no table; expected one of .csv, .csv.gz, .tsv"),
    "folder with an empty part": ("parts", "'b.csv' is empty"),
    "empty": ("parts/b.csv", "'b.csv' is empty"),
    "spreadsheet": ("notes/b.xlsx", "'b.xlsx' cannot be read as a table; expected one of .csv"),
    "no file": ("/dev/null", "'null' is neither a file nor a folder"),
    "prose": ("bad/prose.csv", ""),
    "archive": ("bad/zip.csv", ""),
    "too few rows": ("bad/few.csv", ""),
    "one class": ("bad/constant.csv", "sold"),
}
# That they are refused, the library's own tests show in no time; here it is how that is shown.
READ_BY_THE_LIBRARY = {"prose", "archive", "too few rows"}
SLOW = pytest.mark.ci("it waits ten seconds for the library to be installed")


@needs_posix
@pytest.mark.parametrize(
    ("file", "words"),
    [
        pytest.param(*case, id=name, marks=[SLOW] if name in READ_BY_THE_LIBRARY else [])
        for name, case in BAD_TABLES.items()
    ],
)
def test_bad_table_is_refused(
    file: str, words: str, desk: Path, tmp_path: Path, config: Path
) -> None:
    for name, text in BAD_FILES.items():
        (desk / name).parent.mkdir(exist_ok=True)
        (desk / name).write_text(text, encoding="utf-8")
    with zipfile.ZipFile(desk / "bad" / "zip.csv", "w") as archive:
        archive.writestr("houses.csv", HOUSES)

    sentences = refused(config, desk, tmp_path, f"data_file={file}", "target=sold")

    assert sentences.startswith("  target: " if file == "bad/prose.csv" else "  data_file: ")
    assert words in sentences


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("sold.csv\nsold\n", "data_file: 'sold.csv' does not exist"),
        ("\nsold\n", "target: 'sold' needs a table"),
        ("{folder}/houses.csv\nsolt\n", "target: 'solt' is not a column of"),
        ("{folder}/houses.parquet\nsolt\n", "target: 'solt' is not a column of"),
        ("{folder}/parts\nsolt\n", "target: 'solt' is not a column of"),
    ],
)
def test_a_bad_table_is_refused_before_the_other_questions(
    given: str, words: str, tmp_path: Path, config: Path
) -> None:
    options = [option for option in arguments(config, tmp_path) if option != "--no-input"]
    (tmp_path / "parts").mkdir()
    for name in ("houses.csv", "parts/a.csv"):
        (tmp_path / name).write_text(HOUSES, encoding="utf-8")
    pd.DataFrame({"size": [1, 2], "sold": [1, 2]}).to_parquet(tmp_path / "houses.parquet")
    given = given.replace("{folder}", str(tmp_path))
    result = CliRunner().invoke(cookiecutter, options, input=given)
    assert words in result.stderr
    assert "Project name" not in result.output


@pytest.mark.parametrize(
    ("text", "encoding", "column", "lacks"),
    [
        ("size,sold\n1,2\n", "utf-8", "sold", False),
        ("size,sold\n1,2\n", "utf-8", "sol", True),
        ("# a comment\n\nGröße;verkauft\n1;2\n", "cp1252", "Größe", False),
        ("Größe\tverkauft\n1\t2\n", "utf-16", "verkauft", False),
        ("Größe\tverkauft\n1\t2\n", "utf-16", "gekauft", True),
        ('"size, in m","sold"\n1,2\n', "utf-8", "size, in m", False),
        ("\ufeff sold \n1\n", "utf-8", "sold", False),
        ("sold,sold\n1,2\n", "utf-8", "sold_2", False),  # the library decides
        ("sold\n" + "ä" * 70_000, "utf-8", "price", True),
        ("€€\n1\n", "utf-8", "€€", False),
    ],
)
def test_a_column_is_looked_for_as_the_library_would(
    text: str,
    encoding: str,
    column: str,
    lacks: bool,
    tmp_path: Path,
) -> None:
    for name, opened in (("t.csv", open), ("t.csv.gz", gzip.open)):
        with opened(tmp_path / name, "wb") as file:
            file.write(text.encode(encoding))
        assert extension().tables.headers.lacks(tmp_path / name, column) is lacks


@needs_posix
def test_bad_target_is_refused(desk: Path, tmp_path: Path, config: Path) -> None:
    table = "data_file=house_prices.csv"
    text = refused(config, desk, tmp_path, table, "target=solt")
    assert text.startswith("  target: 'solt' is not a column of 'house_prices.csv'")
    assert "'sold'" in text
    assert "target: it is blank" in refused(config, desk, tmp_path, table)
    # It is known as soon as both answers are, so no other answer is looked at.
    text = refused(config, desk, tmp_path, table, "target=solt", "license=GPL")
    assert "license" not in text


def refused(config: Path, desk: Path, tmp_path: Path, *answers: str) -> str:
    """Generate from a bad table; return the sentences, and fail if anything else is left."""
    output, temporary = tmp_path / "output", tmp_path / "temporary"
    for folder in (output, temporary):
        folder.mkdir(exist_ok=True)
    before = everything_in(tmp_path)
    done = attempt(config, output, *answers, folder=desk, environment={"TMPDIR": str(temporary)})
    assert done.returncode == 1
    title, _, sentences = done.stderr.partition("\n")
    assert title == "Error: Nothing was written."
    assert "Traceback" not in done.stdout + done.stderr
    assert "error:" not in done.stdout + done.stderr
    assert everything_in(tmp_path) == before
    return sentences


@pytest.mark.parametrize(
    "form",
    ["csv", "folder", *(pytest.param(form, marks=SLOW) for form in ("csv.gz", "tsv", "parquet"))],
)
def test_good_table_is_read_and_its_project_waits(
    form: str, desk: Path, tmp_path: Path, config: Path
) -> None:
    table, target, output = desk / f"house_prices.{form}", "sold", tmp_path / "output"
    if form == "csv.gz":
        table.write_bytes(gzip.compress(HOUSES.encode()))
    elif form == "tsv":
        table.write_text(HOUSES.replace(",", "\t"))
    elif form == "folder":
        table = desk / "house_prices"
        table.mkdir()
        for part in ("a.csv", "b.csv"):
            (table / part).write_text(HOUSES)
    elif form == "parquet":
        (sample,) = (SOURCE / "data" / "raw").iterdir()
        shutil.copy(sample, table)
        target = "late"

    answers = (f"data_file={table.name}", f"target={target}")
    done = attempt(config, output, *answers, folder=desk, environment={"PWD": "/nowhere"})

    assert done.returncode == 0, done.stderr
    said, _, remaining = done.stdout.partition("What remains to be done:")
    assert said.startswith(f"Reading {table.name} …\n")
    assert "rows" in said
    ingest = shlex.join(["uv", "run", "tabrail", "ingest", str(table), "--target", target, "--yes"])
    assert f"    {ingest}\n" in remaining
    assert "dvc add" not in remaining
    project = output / "house-prices"
    for name in ("data", "docs/datasheet.md", "schema.yaml"):
        assert not (project / name).exists()
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# House Prices\n\nPredicts {target}.\n")
    for path, text in texts_of(project):
        assert "flight" not in text.lower(), path
        assert str(tmp_path) not in text, path


@needs_posix
def test_home_is_where_the_user_lives(desk: Path, tmp_path: Path, config: Path) -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True)
    environment = {"HOME": str(desk), "UV_CACHE_DIR": cache.stdout.strip()}
    answers = ("data_file=~/house_prices.csv", "target=sold")
    done = attempt(config, tmp_path, *answers, folder=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    assert shlex.quote(str(desk / "house_prices.csv")) in done.stdout


@needs_posix
@pytest.mark.parametrize("missing", ["network", "uv"])
def test_table_that_cannot_be_checked_yet(
    missing: str, desk: Path, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    monkeypatch.setenv("PWD", str(desk))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    if missing == "uv":
        monkeypatch.setenv("PATH", os.defpath)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    answers = ("data_file=house_prices.csv", "target=sold", "--accept-hooks=no")
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, *answers))
    assert result.exit_code == 0
    (line,) = (line for line in result.stdout.splitlines() if "Reading" not in line)
    assert line.startswith("house_prices.csv could not be checked yet: uv ")
    assert (tmp_path / "house-prices" / "dvc.yaml").exists()


def test_table_that_is_gone_does_not_stop_cruft(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setitem(sys.modules, "cruft", ModuleType("cruft"))
    answers = ("data_file=gone.csv", "target=price", "--accept-hooks=no")
    result = CliRunner().invoke(cookiecutter, arguments(config, tmp_path, *answers))
    assert result.exit_code == 0
    assert (tmp_path / "gone" / "dvc.yaml").exists()


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("error: a.csv has no column 'x'", "a.csv has no column 'x'"),
        ("SomeWarning: old\n 40%|####\nerror: two\nlines", "two\n    lines"),
        ("Traceback (most recent call last):\n  File 1\nValueError: no", "ValueError: no"),
        ("", "reading it ended with exit code 137"),
    ],
)
def test_reason_of_a_refusal(stderr: str, reason: str) -> None:
    done = subprocess.CompletedProcess((), 137, "", stderr)
    assert extension().reason(done) == reason


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("", ""),
        ("houses.csv", "Houses"),
        ("~/data/house_prices.csv.gz", "House Prices"),
        ("a/iPhone-sales (1).TSV", "IPhone Sales 1"),
        ("sales.2024.parquet/", "Sales 2024"),
        ("Häuser/", "Häuser"),
        ("data.csv", "Predict The Price"),
        ("2024.csv", "Predict The Price"),
        ("pandas.csv", "Predict The Price"),
        ("..", "Predict The Price"),
        ("a" * 65, "Predict The Price"),
    ],
)
def test_project_is_named_after_its_table(file: str, name: str) -> None:
    assert rendered("{{ text | project_name('the_price') }}", file) == name


def test_rules_and_library_know_the_same_tables() -> None:
    tables = (TEMPLATE / "src" / "tabrail" / "data" / "tables.py").read_text("utf-8")
    (suffixes,) = re.findall(r"^SUFFIXES = (.+)$", tables, flags=re.MULTILINE)
    assert ast.literal_eval(suffixes) == extension().tables.TABLES
