"""What `dvc repro` costs when nothing changed, against `dvc status`, which only looks."""

from common.measure import alternate, cpu, ratio, wall
from common.project import finished
from common.results import Line, Row, show

REPETITIONS = 11
LIMIT = 1.3


def main() -> None:
    """Run both in turn in a project that is up to date."""
    with finished() as project:
        repro, status = alternate(
            REPETITIONS,
            lambda: project.run("dvc", "repro"),
            lambda: project.run("dvc", "status"),
        )
    ours = ("dvc repro with nothing to do, CPU", cpu(repro), "s")
    against = ("dvc status", cpu(status), ratio(repro, status))
    show(
        "Nothing to do",
        [
            Row("dvc repro, CPU", cpu(repro), "s"),
            Row("dvc repro, wall clock", wall(repro), "s"),
            Row("dvc status, CPU", cpu(status), "s"),
            Row("dvc status, wall clock", wall(status), "s"),
            Row("dvc repro / dvc status, CPU", ratio(repro, status), "x", LIMIT),
        ],
        [Line(*ours, *against, LIMIT)],
    )


if __name__ == "__main__":
    main()
