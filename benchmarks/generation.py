"""How long the template takes to write a project's files, against cookiecutter doing nothing."""

import tempfile
from pathlib import Path

from common.measure import alternate, cpu, ratio, wall
from common.project import TEMPLATE, generate
from common.results import Line, Row, show

REPETITIONS = 7


def main() -> None:
    """Generate this template and an almost empty one in turn."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        here = Path(folder)
        empty = here / "template"
        make_empty_template(empty)
        ours, bare = alternate(
            REPETITIONS,
            lambda: generate(TEMPLATE, here, "setup=false"),
            lambda: generate(empty, here),
        )
    line = Line(
        *("generation without set-up, CPU", cpu(ours), "s"),
        *("a template of one file", cpu(bare), ratio(ours, bare)),
    )
    show(
        "Generation (files only)",
        [
            Row("this template, CPU", cpu(ours), "s"),
            Row("this template, wall clock", wall(ours), "s"),
            Row("a template of one file, CPU", cpu(bare), "s"),
            Row("a template of one file, wall clock", wall(bare), "s"),
            Row("this template / one file, CPU", ratio(ours, bare), "x"),
        ],
        [line],
    )


def make_empty_template(path: Path) -> None:
    """Write the least that cookiecutter accepts as a template."""
    files = path / "{{cookiecutter.project_slug}}"
    files.mkdir(parents=True)
    (path / "cookiecutter.json").write_text('{"project_slug": "empty"}', encoding="utf-8")
    (files / "README.md").write_text("# {{ cookiecutter.project_slug }}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
