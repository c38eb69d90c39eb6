"""The documents: links lead somewhere, commands and names exist, blocks can be followed."""

import importlib
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer
from end_to_end import edits
from end_to_end.markdown import Block, anchors, blocks, code, links, tables
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from support.projects import TEMPLATE, generated

from tabrail.cli.app import app
from tabrail.config import Params
from tabrail.evaluation.metrics import METRICS
from tabrail.rendering import MANUAL as ADDRESS

PICTURES = TEMPLATE / "docs" / "pictures"
MANUAL = sorted((TEMPLATE / "docs").glob("*.md"))
OTHERS = ("README.md", "CONTRIBUTING.md", "AGENTS.md", "CHANGELOG.md")
PAGES = [*MANUAL, *(TEMPLATE / name for name in OTHERS)]
NAMES = [str(page.relative_to(TEMPLATE)) for page in PAGES]
RENDERED = TEMPLATE / "{{cookiecutter.project_slug}}"
PROGRAM = "Run this program in the project's root folder:"
# Links of the site and of GitHub to what each release renders: see tools/example.py.
EXAMPLE = re.compile(r"(?P<up>(?:\.\./)+)(?:tree/example|blob/example/flight-delays/(?P<file>.+))")
LISTING = Path(__file__).with_name("example.txt")
HEADING = "The life of a model, step by step"
LONGEST_README = 150  # lines
LONGEST_FRONT = 120  # lines of this repository's own README
LARGEST_PICTURE = 200_000  # bytes
# Options that documents name by themselves, of other tools than tabrail.
OTHERS_OPTIONS = {
    *("--checkout", "--force", "--message", "--no-verify", "--push", "--set-param", "--staged"),
    *("--all-branches", "--all-commits", "--cloud", "--workspace"),  # dvc gc
    *("--directory", "--project", "--unshallow"),  # uv and Git
    "--serve-artifacts",  # mlflow
    *("--host", "--memory-limit", "--no-dashboard", "--nthreads", "--preload"),  # dask
    *("--build-arg", "--env", "--env-file", "--group", "--user"),  # docker and uv
    *("--memory", "--restart"),  # docker
    "--bundle",  # gh
}

TEMPLATES = TEMPLATE / "src" / "tabrail" / "templates"
pages = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands() -> dict[str, set[str]]:
    """Return the options of each command of the library."""
    group: Any = typer.main.get_command(app)
    return {
        verb: {option for param in command.params for option in param.opts if option[:2] == "--"}
        for verb, command in group.commands.items()
    }


def mentions(page: Path) -> Iterator[tuple[str, set[str]]]:
    """Return each command of the library that a page mentions, with its options."""
    for line in code(text(page)):
        if re.match(r"\s*(from|import) ", line):  # Python
            continue
        for verb, rest in re.findall(r"\btabrail ([a-z]+)\b((?:(?! tabrail ).)*)", line):
            yield verb, set(re.findall(r"(?<!\S)--[a-z][a-z-]*", rest))


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in links(text(page)):
        address = urlsplit(link)
        if address.scheme or leads_to_the_example(page, unquote(link)):
            continue
        target = (page.parent / unquote(address.path)).resolve() if address.path else page
        if not target.exists() or (
            address.fragment and address.fragment not in anchors(text(target))
        ):
            dead.append(link)
    assert dead == []


def leads_to_the_example(page: Path, link: str) -> bool:
    """Tell whether a link leads to the branch `example` on GitHub, and its file is there."""
    found = EXAMPLE.fullmatch(link)
    # On GitHub, a page is two folders deeper, such as in blob/main.
    depth = len(page.relative_to(TEMPLATE).parts) + 1
    if found is None or found["up"].count("/") != depth:
        return False
    names = [line.partition("  ")[2] for line in text(LISTING).splitlines()]
    return not found["file"] or found["file"] in names


def test_a_link_to_the_example_has_the_right_depth_and_a_file_that_is_there() -> None:
    front, page = TEMPLATE / "README.md", TEMPLATE / "docs" / "start.md"
    project = "blob/example/flight-delays"
    assert leads_to_the_example(front, "../../tree/example")
    assert leads_to_the_example(page, f"../../../{project}/reports/model_card.md")
    assert not leads_to_the_example(page, "../../tree/example")
    assert not leads_to_the_example(front, f"../../{project}/reports/no.md")
    assert not leads_to_the_example(page, "../../../tree/main")


def test_the_beginner_is_shown_finished_files() -> None:
    page = TEMPLATE / "docs" / "beginner.md"
    inside = [link for link in links(text(page)) if link.startswith("../")]
    assert len(inside) > 10
    assert [link for link in inside if not leads_to_the_example(page, link)] == []


def test_the_index_lists_every_page() -> None:
    index = TEMPLATE / "docs" / "README.md"
    assert {page.name for page in MANUAL} - {"README.md"} <= set(links(text(index)))


def test_the_beginner_meets_every_step_of_the_life_of_a_model() -> None:
    told = set(code(text(TEMPLATE / "docs" / "beginner.md")))
    steps = table("lifecycle.md", HEADING, "Command")
    assert len(steps) > 20
    for step, _, _, command, _ in steps:
        for name in re.findall(r"`((?:tabrail|gto|dvc) [a-z]+)", command):
            assert any(name in words for words in told), step


@pages
def test_every_command_and_its_options_exist(page: Path) -> None:
    known = commands()
    unknown = {
        f"{verb} {' '.join(sorted(options - known.get(verb, set())))}".strip()
        for verb, options in mentions(page)
        if not options <= known.get(verb, set()) or verb not in known
    }
    assert unknown == set()


@pages
def test_every_option_that_is_named_alone_exists(page: Path) -> None:
    known = set().union(*commands().values()) | OTHERS_OPTIONS | {"--help"}
    alone = {
        option
        for span in code(text(page))
        if span.startswith("--")
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", span)
    }
    fixtures = text(TEMPLATE / "tests" / "support" / "fixtures.py")
    of_these_tests = set(re.findall(r'addoption\(\s*"(--[a-z-]+)"', fixtures))
    assert alone <= known | {"--with-editable"} | of_these_tests


def test_the_reference_lists_every_command_with_its_options() -> None:
    rows = table("reference.md", "Commands", "Options")
    listed = {}
    for command, _, options in rows:
        (verb,) = re.findall(r"^`tabrail ([a-z]+)", command)
        listed[verb] = set(re.findall(r"--[a-z-]+", options))
    assert listed == commands()


@pytest.mark.parametrize(
    "module", ["tabrail", "tabrail.features", "tabrail.testing", "tabrail.batch", "tabrail.serving"]
)
def test_the_reference_lists_every_public_name(module: str) -> None:
    listed = [name.strip("`") for name, _ in table("reference.md", module)]
    assert sorted(listed) == sorted(importlib.import_module(module).__all__)


def test_the_reference_lists_every_parameter() -> None:
    rows = table("reference.md", "params.yaml")
    defaults = {
        name.strip("`"): default for names, default, _ in rows for name in names.split(", ")
    }
    fields = dict(leaves(Params))
    assert defaults.keys() == fields.keys()
    for name, field in fields.items():
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert defaults[name].strip("`") == f"{field.default}", name


def test_the_reference_lists_every_metric() -> None:
    rows = table("reference.md", "Metrics")
    listed = {task.strip("`"): tuple(re.findall(r"`(\w+)`", names)) for task, names in rows}
    assert listed == METRICS


def table(page: str, heading: str, column: str = "") -> list[list[str]]:
    """Return the rows of the table below a heading, the one with a column if there are several."""
    found = [
        rows[1:]
        for above, rows in tables(text(TEMPLATE / "docs" / page))
        if above == heading and (not column or column in rows[0])
    ]
    assert len(found) == 1, f"{page} has {len(found)} such tables below {heading}"
    return found[0]


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Return the parameters by their names in params.yaml; a check of the gate is one."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        kind = field.annotation
        if (
            isinstance(kind, type)
            and issubclass(kind, BaseModel)
            and not prefix.startswith("gate.")
        ):
            yield from leaves(kind, f"{path}.")
        else:
            yield path, field


@pages
def test_every_block_can_be_followed(page: Path) -> None:
    wrong = []
    for block in blocks(text(page)):
        match block.language:
            case "bash" | "text" if block.runs:
                fine = True
            case "text":
                fine = block.before.endswith(":")  # the reason
            case "python" | "yaml" | "json":
                fine = edits.understood(block) or block.before == PROGRAM
            case _:
                fine = False
        if not fine:
            wrong.append(f"line {block.line}: {block.language} after {block.before!r}")
    assert wrong == []


def test_blocks_that_no_machine_here_can_run_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    not_run = [
        (name, block)
        for name, page in zip(NAMES, PAGES, strict=True)
        for block in blocks(text(page))
        if not block.runs
    ]
    with capsys.disabled():
        print("\nNot run:")
        for name, block in not_run:
            print(f"  {name}, line {block.line}: {block.before}")
    assert all(re.search(r"\b(not|need)", block.before) for _, block in not_run)


def test_the_readme_is_short() -> None:
    assert len(text(TEMPLATE / "README.md").splitlines()) <= LONGEST_FRONT


def test_every_picture_is_there_small_and_described() -> None:
    front = text(TEMPLATE / "README.md")
    places = re.findall(r'(?:src|srcset)="([^"]+)"', front)
    described = re.findall(r'<img src="[^"]+" alt="([^"]{50,})"', front)
    files = {path.relative_to(TEMPLATE).as_posix() for path in PICTURES.iterdir()}
    assert set(places) == files
    assert len(described) == front.count("<img ")
    assert front.count("<picture>") == sum("-dark" in name for name in files)
    assert [name for name in files if (TEMPLATE / name).stat().st_size > LARGEST_PICTURE] == []


DRAFTS = {
    "src/flight_delays/prepare.py": '''
        """Stage 1."""

        import pandas as pd

        from tabrail import Project, prepare


        def clean(rows: pd.DataFrame) -> pd.DataFrame:
            """Return the rows as schema.yaml describes them."""
            return rows


        def main(project: Project) -> None:
            """Write data/prepared."""
            prepare(project, clean)
        ''',
    "src/flight_delays/features.py": '''
        """Features."""

        from sklearn.compose import ColumnTransformer

        from tabrail.features import numbers


        def derive(rows):
            """Add columns."""
            return rows.assign(weekday=rows["date"].dt.day_name())


        def build(schema, params):
            """Return the transformer."""
            return ColumnTransformer(
                [
                    ("numbers", numbers(), ["hour"]),
                ]
            )
        ''',
    "src/flight_delays/evaluate.py": '''
        """Stage 3."""

        from tabrail import Metric, Project, evaluate, load_model

        METRICS: list[str | Metric] = ["roc_auc"]


        def main(project: Project) -> None:
            """Write reports."""
            evaluate(project, load_model(project), METRICS)
        ''',
    "params.yaml": """
        train:
          estimator: sklearn.ensemble.HistGradientBoostingClassifier  # by its import path
          options: {LogisticRegression: {max_iter: 1000}}
        evaluate:
          threshold: 0.3  # from this probability on
        """,
    "dvc.yaml": """
        stages:
          train:
            deps:
              - data/prepared/train.parquet  # a comment stays
          evaluate:
            deps:
              - models/model.skops
        """,
}


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A project of few lines, with what the manual changes."""
    for name, content in DRAFTS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content).lstrip(), encoding="utf-8")
    return tmp_path


def test_the_changes_of_the_manual_can_be_made_one_after_the_other(draft: Path) -> None:
    page = blocks(text(TEMPLATE / "docs" / "change.md"))
    for block in page:
        if block.language != "bash":
            changed = edits.follow(block, draft)
            if changed.suffix == ".py":
                compile(text(changed), changed, "exec")
    prepare = text(draft / "src/flight_delays/prepare.py")
    assert (
        '"""Return the rows as schema.yaml describes them."""\n    seats = pd.to_numeric' in prepare
    )
    assert '{"jfk": "JFK"}' in prepare
    features = text(draft / "src/flight_delays/features.py")
    assert (
        features.index("runways=")
        < features.index("dew_point_spread=rows")
        < features.index("weekday=")
    )
    assert "import numbers\nfrom flight_delays.airports import runways\n" in features
    assert features.index('("runways"') < features.index('("numbers"')
    evaluate = text(draft / "src/flight_delays/evaluate.py")
    assert "load_model\nimport numpy as np\n" in evaluate
    assert evaluate.count("METRICS: ") == 1
    assert evaluate.index("def cost") < evaluate.index("METRICS: ") < evaluate.index("def main")
    assert "estimator: flight_delays.estimators.LineAndTree  # by" in text(draft / "params.yaml")
    assert text(draft / "params.yaml").endswith("\n\nhours:\n  min_rows: 100\n")
    assert "\n  main_metric: cost\n" in text(draft / "params.yaml")
    stages = text(draft / "dvc.yaml")
    assert stages.count("      - src/flight_delays/airports.py\n") == 2
    assert "# a comment stays" in stages
    assert "  hours:\n    desc: Report" in stages


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("Do something:", "does not say where"),
        ("In `src/flight_delays/prepare.py`, replace `tidy`:", "no tidy"),
        ("In `src/flight_delays/prepare.py`, add inside `rows.assign(` in `clean`:", "rows.assign"),
        ("In `params.yaml`, change `max_iter: 100` to:", "0 times"),
        ("In `missing.py`, add at the end:", "not there"),
        ("Create `params.yaml`:", "is there"),
    ],
)
def test_a_change_that_cannot_be_made_is_an_error(draft: Path, before: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        edits.follow(Block("python", (), "x = 1\n", before, 1), draft)


def test_an_import_that_is_there_is_not_added_again(draft: Path) -> None:
    path = "src/flight_delays/prepare.py"
    block = Block("python", (), "import pandas as pd\n", f"In `{path}`, add to the imports:", 1)
    edits.follow(block, draft)
    assert text(draft / path) == textwrap.dedent(DRAFTS[path]).lstrip()


def test_a_change_in_one_sentence(draft: Path) -> None:
    edits.follow_inline("In `params.yaml`, change `threshold: 0.3` to `threshold: 0.5`.", draft)
    assert "threshold: 0.5  #" in text(draft / "params.yaml")


def test_blocks_know_the_sentence_before_them() -> None:
    page = (
        "One. In `a. b`, two:\n\n```python\nx\n```\n\n## Three\n\n"
        "- Four:\n\n  ```text not-run\n  y\n  ```\n"
    )
    first, second = blocks(page)
    assert first == Block("python", (), "x\n", "In `a. b`, two:", 3)
    assert (second.before, second.text, second.runs) == ("Four:", "y\n", False)
    assert blocks("Words:\n\n## Heading\n\n```bash\nls\n```\n")[0].before == ""


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"ci": "gitlab", "dvc_remote": "s3://bucket/folder"},
        {"ci": "none", "license": "Proprietary"},
    ],
    ids=["defaults", "gitlab", "none"],
)
def test_the_generated_documents(tmp_path: Path, answers: dict[str, str]) -> None:
    project = generated(tmp_path, setup="false", **answers).path
    readme = text(project / "README.md")
    assert len(readme.splitlines()) <= LONGEST_README
    assert {block.language for block in blocks(readme)} == {"mermaid", "bash"}
    edits.follow_inline(readme, project)  # the change in the five minutes
    assert "learning_rate: 0.05" in text(project / "params.yaml")
    dead = []
    for page in [*project.glob("*.md"), *(project / "docs").glob("*.md")]:
        for link in links(text(page)):
            place, _, anchor = unquote(link).partition("#")
            if place.startswith(ADDRESS):
                target = TEMPLATE / "docs" / place.removeprefix(f"{ADDRESS}/")
            elif urlsplit(place).scheme or place.startswith(("../reports", "reports")):
                continue  # elsewhere, or made by the first run
            else:
                target = page.parent / place
            if not target.is_file() or (anchor and anchor not in anchors(text(target))):
                dead.append(link)
    assert dead == []


@pytest.mark.parametrize(
    "page",
    [*sorted(RENDERED.glob("**/*.md")), *sorted((TEMPLATES / "project").glob("*.md.jinja"))],
    ids=lambda page: page.name,
)
def test_commands_in_generated_documents_exist(page: Path) -> None:
    known = commands()
    assert {
        verb
        for verb, options in mentions(page)
        if not options - {"--help"} <= known.get(verb, set()) or verb not in known
    } == set()


def test_help_and_errors_show_the_command_as_it_can_be_pasted() -> None:
    command = [sys.executable, "-m", "tabrail", "verify", "--nonsense"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "Usage: uv run tabrail verify [OPTIONS]" in done.stderr
    assert "Try 'uv run tabrail verify --help' for help." in done.stderr
