"""Build the manual in docs/ as a site, or check its external links.

    python tools/manual.py FOLDER                       into FOLDER/html
    python tools/manual.py FOLDER --builder linkcheck   asks each address once: needs the internet

The pages are those that GitHub shows. docs/README.md becomes the first page, and each of its tables
a section of the site. What a page says to readers of the site alone is in a comment, which GitHub
does not show: `<!-- site: [All commands](reference/commands.md) -->`.
"""

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from manual_reference import generated

from tabrail.rendering import MANUAL

DOCS = Path(__file__).parent.parent / "docs"
INDEX, FIRST = "README.md", "index.md"
GENERATED = "reference"  # the folder of the generated pages, and the page that names them


@dataclass(frozen=True)
class Section:
    """A section of the site.

    Attributes:
        heading: its name.
        text: what the index has below it: a table of pages.
        pages: the names of the pages in the table, without `.md`.
    """

    heading: str
    text: str
    pages: list[str]

    @property
    def name(self) -> str:
        """The name of the section's own page, without `.md`."""
        return "section-" + self.heading.lower().replace(" ", "-")


def sections(index: str) -> list[Section]:
    """Return the sections of the manual: each heading of the index with a table of pages."""
    found = []
    for part in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        if pages := re.findall(r"^\| \[[^]]*\]\(([\w-]+)\.md\) \|", text, re.MULTILINE):
            found.append(Section(heading, text.strip(), pages))
    return found


def write_sources(docs: Path, folder: Path) -> None:
    """Write what Sphinx reads.

    Args:
        docs: the folder with the pages.
        folder: a new folder, to be written.
    """
    folder.mkdir(parents=True)
    index = (docs / INDEX).read_text(encoding="utf-8")
    parts = sections(index)
    for page in docs.glob("*.md"):
        text = for_site(page.read_text(encoding="utf-8"))
        if page.name == INDEX:
            text += contents([part.name for part in parts])
        (folder / page.name.replace(INDEX, FIRST)).write_text(text, encoding="utf-8")
    for part in parts:
        text = for_site(f"# {part.heading}\n\n{part.text}\n") + contents(part.pages)
        (folder / f"{part.name}.md").write_text(text, encoding="utf-8")
    if not (docs / f"{GENERATED}.md").exists():
        return
    (folder / GENERATED).mkdir()
    pages = generated(docs)
    for name, text in pages.items():
        text = re.sub(r"\]\((?=[\w-]+\.md)", "](../", text)
        (folder / GENERATED / name).write_text(text, encoding="utf-8")
    with (folder / f"{GENERATED}.md").open("a", encoding="utf-8") as file:
        file.write(contents([f"{GENERATED}/{name.removesuffix('.md')}" for name in pages]))


def for_site(text: str) -> str:
    """Return a page as the site has it: with its comments for the site, and links that hold."""
    text = re.sub(r"<!-- site: (.*?) -->", r"\1", text, flags=re.DOTALL)
    text = text.replace(f"]({INDEX}", f"]({FIRST}")
    text = re.sub(r"\[[\w-]+\.md\](?=\([\w-]+\.md)", "[]", text)  # Sphinx writes the title
    repository = MANUAL.removesuffix("blob/main/docs")
    text = text.replace("](../../../", f"]({repository}")  # another branch, such as `example`
    return text.replace("](../", f"]({repository}blob/main/")


def contents(pages: list[str]) -> str:
    """Return a directive that puts pages below this one."""
    return "\n```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"


def build(docs: Path, folder: Path, builder: str = "html") -> int:
    """Build the manual; anything that Sphinx warns of is an error.

    Args:
        docs: the folder with the pages.
        folder: where the site goes, in a folder of the builder's name; what is there is replaced.
        builder: how Sphinx builds: `html` or `linkcheck`.

    Returns:
        The exit code.
    """
    source = folder / "source"
    for old in (source, folder / builder):
        shutil.rmtree(old, ignore_errors=True)
    write_sources(docs, source)
    strict = ["--fail-on-warning", "--keep-going", "--quiet", "--no-color"]
    places = ["-c", str(DOCS), "-d", str(folder / "read"), str(source), str(folder / builder)]
    command = [sys.executable, "-m", "sphinx", *strict, "--builder", builder, *places]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """Build the manual as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--builder", choices=["html", "linkcheck"], default="html")
    given = parser.parse_args()
    return build(DOCS, given.folder, given.builder)


if __name__ == "__main__":
    sys.exit(main())
