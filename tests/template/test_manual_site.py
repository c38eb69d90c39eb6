"""The manual as a site: it is built strictly, and its reference is complete."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from support.projects import TEMPLATE

from tabrail.cli.app import app
from tabrail.config import Params
from tabrail.data.schema import Column, Csv, Schema
from tabrail.rendering import MANUAL

sys.path.insert(0, str(TEMPLATE / "tools"))
from manual import DOCS, sections, write_sources
from manual_reference import public_names

INDEX = "# Index\n\n## Start\n\n| Page | Question |\n| --- | --- |\n| [a.md](a.md) | What? |\n"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Sphinx reads."""
    folder = tmp_path_factory.mktemp("manual") / "sources"
    write_sources(DOCS, folder)
    return folder


def built(docs: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build a manual in a process of its own."""
    program = f"import sys; sys.path.insert(0, {str(TEMPLATE / 'tools')!r})\n"
    program += "from pathlib import Path; import manual\n"
    program += f"sys.exit(manual.build(Path({str(docs)!r}), Path({str(folder)!r})))"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_every_page_is_in_one_section() -> None:
    listed = [
        page
        for part in sections((DOCS / "README.md").read_text(encoding="utf-8"))
        for page in part.pages
    ]
    assert sorted(listed) == sorted(
        page.stem for page in DOCS.glob("*.md") if page.stem != "README"
    )


def test_the_generated_pages_have_every_command_with_its_options(sources: Path) -> None:
    text = (sources / "reference" / "commands.md").read_text(encoding="utf-8")
    group: typer.core.TyperGroup = typer.main.get_command(app)  # type: ignore[assignment]
    for verb, command in group.commands.items():
        (part,) = re.findall(rf"^## {verb}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        options = {name for param in command.params for name in param.opts if name[:2] == "--"}
        assert options <= set(re.findall(r"^\| `(--[a-z-]+)", part, re.MULTILINE)), verb
        assert " ".join(str(command.help).split())[:20] in part


@pytest.mark.parametrize(
    ("name", "heading", "key", "allowed", "default"),
    [
        ("parameters", "prepare", "split.test", "number, above 0, below 0.5", "`0.2`"),
        ("parameters", "prepare", "split.method", "`hash`, `time`", "`hash`"),
        ("parameters", "evaluate", "main_metric", "text", "the first of `METRICS`"),
        ("parameters", "gate", "drift", "", "`{check: enabled, psi: 0.2}`"),
        ("parameters", "card", "owner", "text", "blank"),
        ("schema", "Keys", "target", "text", "required"),
        ("schema", "Keys", "missing", "list of: text", '`["", NA, "N/A", "NaN", "nan", "null", '),
        ("schema", "Keys of a column", "nullable", "`true` or `false`", "`false`"),
        ("schema", "Keys of csv", "thousands", '`""`, `","`, `"."`, `" "`, `"\'"`', "blank"),
    ],
)
def test_the_generated_pages_say_what_a_key_may_be(
    sources: Path, name: str, heading: str, key: str, allowed: str, default: str
) -> None:
    ((first, *cells),) = [row for row in rows(sources, name, heading) if row[0] == f"`{key}`"]
    assert allowed in cells[0]
    assert cells[1].startswith(default)
    assert cells[2], first


def test_the_generated_pages_have_every_parameter_and_every_key(sources: Path) -> None:
    for section, field in Params.model_fields.items():
        found = [row[0].strip("`") for row in rows(sources, "parameters", section)]
        model: Any = field.annotation
        assert {key.partition(".")[0] for key in found} == {
            of.alias or name for name, of in model.model_fields.items()
        }
    for heading, model in {"Keys": Schema, "Keys of a column": Column, "Keys of csv": Csv}.items():
        found = [row[0].strip("`") for row in rows(sources, "schema", heading)]
        assert found == list(model.model_fields)


def rows(sources: Path, name: str, heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading of a generated page, without its head."""
    text = (sources / "reference" / f"{name}.md").read_text(encoding="utf-8")
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^\| (`.*) \|$", part, re.MULTILINE)
    return [re.split(r" \| ", line) for line in lines]


def test_the_generated_pages_have_every_public_name(sources: Path) -> None:
    text = (sources / "reference" / "python.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\.\. auto\w+:: (\S+)$", text, re.MULTILINE)
    assert shown == [f"{module}.{name}" for module, name, _ in public_names()]


def test_the_glossary_has_each_new_word_of_the_beginner() -> None:
    glossary = (DOCS / "glossary.md").read_text(encoding="utf-8")
    words = {word.lower() for word in re.findall(r"^\| ([^|]+) \| ", glossary, re.MULTILINE)}
    page = (DOCS / "beginner.md").read_text(encoding="utf-8")
    new = {word.lower() for word in re.findall(r"(?<!\*)\*([\w ]+)\*(?!\*)", page)}
    stages = {"prepare", "train", "evaluate"}
    assert len(new) > 12
    assert {word for word in new - stages if word.removesuffix("s") not in words} == set()


def test_what_is_for_the_site_alone_is_hidden_on_github_and_shown_there(sources: Path) -> None:
    link = "[all parameters](reference/parameters.md)"
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert re.search(rf"<!-- site: [^<]*{re.escape(link)}\. -->", page)
    text = (sources / "reference.md").read_text(encoding="utf-8")
    assert link in text
    assert "<!-- site" not in "".join(
        path.read_text(encoding="utf-8") for path in sources.rglob("*.md")
    )


def test_the_site_leads_to_the_branches_of_the_repository(sources: Path) -> None:
    repository = MANUAL.removesuffix("/blob/main/docs")
    page = (sources / "beginner.md").read_text(encoding="utf-8")
    assert f"]({repository}/tree/example)" in page
    assert f"]({repository}/blob/example/flight-delays/params.yaml)" in page
    assert "](../" not in page
    assert f"]({repository}/blob/main/benchmarks/README.md)" in (sources / "numbers.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.ci("takes six seconds; test_docs.py follows the links without Sphinx")
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text(INDEX, encoding="utf-8")
    dead = ["[Words](b.md)", "[Words](a.md#nothing)", "[Words](#nothing)"]
    text = "\n\n".join(["# A", "[Words](a.md#a)", *dead, "[](#a)\n"])
    (docs / "a.md").write_text(text, encoding="utf-8")
    done = built(docs, tmp_path / "built")
    assert done.returncode == 1
    assert re.findall(r"a\.md:(\d+): WARNING: .*\[myst.xref_missing\]", done.stderr) == [
        str(number) for number, line in enumerate(text.splitlines(), start=1) if line in dead
    ]


@pytest.mark.ci("takes ten seconds")
def test_the_manual_is_built_without_a_warning(tmp_path: Path) -> None:
    done = built(DOCS, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    site = tmp_path / "html"
    names = {path.stem for path in site.glob("*.html")}
    assert {page.stem for page in DOCS.glob("*.md") if page.stem != "README"} | {"index"} <= names
    text = (site / "reference" / "python.html").read_text(encoding="utf-8")
    assert all(f'id="{module}.{name}"' in text for module, name, _ in public_names())
    elsewhere = [
        address
        for page in site.rglob("*.html")
        for address in re.findall(
            r'<(?:script|link|img)[^>]* (?:src|href)="(https?:[^"]+)"', page.read_text("utf-8")
        )
    ]
    assert elsewhere == []  # a reader's browser asks nobody else
