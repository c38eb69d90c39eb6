"""How costs grow: rows, columns, categories, commits, versions and log entries, each tenfold twice.

Of three sizes, each ten times the one before, two differences tell the exponent without what the
start costs: where a cost is a + b n^e, the differences grow by 10^e. With `--large`, the log has up
to 10^7 entries.
"""

import argparse
import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from common.filled_log import fill
from common.growing import grown
from common.measure import Cost, run, say
from common.project import Project, copy, empty_folder, finished, own_table
from common.results import Row, show
from common.wide import write_wide

REPETITIONS = 3
MOST = 1.2  # of an exponent
BYTES_PER_ROW = 350
LEAST_S = 0.1  # a smaller difference is noise
COMMAND = ("-c", "from tabrail.cli.app import app; app()")
# Lines for `git fast-import`: commits on top of the present one that change nothing.
COMMIT = "commit refs/heads/main\ncommitter A <a@example.com> {second} +0000\ndata 1\n.\n"
TAG = (
    "tag model@v0.{number}.0\nfrom refs/heads/main\n"
    "tagger A <a@example.com> {number} +0000\ndata 1\n.\n"
)


class Series(NamedTuple):
    """A cost at three sizes.

    Attributes:
        name: what is done, and what grows.
        sizes: the sizes.
        costs: processor seconds at each.
    """

    name: str
    sizes: Sequence[int]
    costs: Sequence[float]

    def rows(self) -> list[Row]:
        """Return a line for each size, and one for the exponent."""
        found = [
            Row(f"{self.name}: {size:,}", cost, "s")
            for size, cost in zip(self.sizes, self.costs, strict=True)
        ]
        first, second = (b - a for a, b in zip(self.costs, self.costs[1:], strict=False))
        if second < LEAST_S:  # it does not grow
            return [*found, Row(f"{self.name}: exponent", 0.0, "", MOST)]
        step = self.sizes[2] / self.sizes[1]
        exponent = math.log(second / max(first, LEAST_S)) / math.log(step)
        return [*found, Row(f"{self.name}: exponent", exponent, "", MOST)]


def main() -> None:
    """Let one thing after the other grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also a log of 10^7 entries (7 GB)")
    given = parser.parse_args()
    rows: list[Row] = []
    with finished() as project, own_table(project) as own, empty_folder() as work:
        series = [
            of_rows(project, work / "rows"),
            of_columns(own, work / "columns"),
            *of_categories(own, work / "categories"),
            *of_commits(project, work / "commits"),
            *of_versions(project, work / "versions"),
            of_entries(project, work / "log", (100_000, 1_000_000, 10_000_000)[: 2 + given.large]),
        ]
        rows = [row for one in series for row in one.rows()]
    show("Growth (CPU)", rows)


def measured(
    name: str, sizes: Sequence[int], do: Callable[[int], Cost], before: Callable[[int], None]
) -> Series:
    """Return the lowest cost at each size; noise only adds.

    Args:
        name: of the series.
        sizes: the sizes.
        do: is measured.
        before: is called first at each size, and is not.
    """
    costs = []
    for size in sizes:
        say(f"{name}: {size:,}")
        before(size)
        costs.append(min(do(size).cpu for _ in range(REPETITIONS)))
    return Series(name, sizes, costs)


def of_rows(project: Project, folder: Path) -> Series:
    """Measure `prepare` on more and more rows."""
    sizes = (10_000, 100_000, 1_000_000)
    copy(project, folder)
    table = folder / "data" / "raw" / "rows.csv"
    table.parent.mkdir(parents=True)
    growing = grown(project, table, sizes, BYTES_PER_ROW)

    def grow(_: int) -> None:
        next(growing)

    return measured(
        "prepare, rows",
        sizes,
        lambda _: project.run("python", *COMMAND, "run", "prepare", folder=folder),
        grow,
    )


def of_columns(project: Project, folder: Path) -> Series:
    """Measure `prepare` on more and more columns."""

    def write(columns: int) -> None:
        copy(project, folder / str(columns))
        write_wide(project, folder / str(columns), columns=columns)

    return measured(
        "prepare, columns of 10,000 rows",
        (20, 200, 2000),
        lambda n: project.run("python", *COMMAND, "run", "prepare", folder=folder / str(n)),
        write,
    )


def of_categories(project: Project, folder: Path) -> list[Series]:
    """Measure `prepare` and `train` on a column of more and more categories."""
    sizes = (100, 1000, 10_000)

    def write(categories: int) -> None:
        place = folder / str(categories)
        if not place.exists():
            copy(project, place)
            write_wide(project, place, columns=6, categories=categories, rows=100_000)
            project.run("python", *COMMAND, "run", "prepare", folder=place)

    return [
        measured(
            f"{stage}, categories",
            sizes,
            lambda n, s=stage: project.run("python", *COMMAND, "run", s, folder=folder / str(n)),  # type: ignore[misc]
            write,
        )
        for stage in ("prepare", "train")
    ]


def of_commits(project: Project, folder: Path) -> list[Series]:
    """Measure what reads Git's history on more and more commits."""
    shutil.copytree(project.path, folder, symlinks=True)
    made = 0

    def add(commits: int) -> None:
        nonlocal made
        lines = "".join(
            COMMIT.format(second=2_000_000_000 + number)
            + ("from refs/heads/main^0\n" if number == made else "")
            for number in range(made, commits)
        )
        if lines:
            source = folder.with_suffix(".txt")
            source.write_text(lines, encoding="utf-8")
            command = 'git fast-import --quiet --force < "$1" && git reset --quiet --hard'
            run(["sh", "-c", command, "sh", source], folder)
        made = max(made, commits)

    sizes = (100, 1000, 10_000)
    verify = ("verify", "--base", "HEAD~50")
    report = ("report", "--base", "HEAD~50")
    found: list[list[float]] = [[], []]
    for size in sizes:
        add(size)
        for costs, command in zip(found, (verify, report), strict=True):
            costs.append(
                min(
                    project.run("python", *COMMAND, *command, folder=folder).cpu
                    for _ in range(REPETITIONS)
                )
            )
    names = ("verify, commits", "report, commits")
    return [Series(name, sizes, costs) for name, costs in zip(names, found, strict=True)]


def of_versions(project: Project, folder: Path) -> list[Series]:
    """Measure what reads the registry's tags on more and more of them."""
    shutil.copytree(project.path, folder, symlinks=True)
    sizes = (10, 100, 1000)
    made = 0
    found: list[list[float]] = [[], []]
    commands = (
        ("gto", "show", "model"),
        ("python", *COMMAND, "verify"),
    )
    for size in sizes:
        source = folder.with_suffix(".txt")
        lines = [TAG.format(number=number) for number in range(made, size)]
        source.write_text("".join(lines), encoding="utf-8")
        run(["sh", "-c", 'git fast-import --quiet < "$1"', "sh", source], folder)
        made = size
        for costs, command in zip(found, commands, strict=True):
            costs.append(min(project.run(*command, folder=folder).cpu for _ in range(REPETITIONS)))
    names = ("gto show, versions", "verify, versions")
    return [Series(name, sizes, costs) for name, costs in zip(names, found, strict=True)]


def of_entries(project: Project, folder: Path, sizes: Sequence[int]) -> Series:
    """Measure `monitor` on more and more log entries."""
    folder.mkdir()
    log = folder / "predictions.sqlite"
    extra = {"PREDICTION_LOG": f"sqlite:///{log}"}
    return measured(
        "monitor, log entries",
        (10_000, *sizes),
        lambda _: project.run("python", *COMMAND, "monitor", extra=extra),
        lambda entries: fill(project, log, entries),
    )


if __name__ == "__main__":
    main()
