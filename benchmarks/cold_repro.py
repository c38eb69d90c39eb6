"""What a cold `dvc repro` costs, against the same stages in one plain Python process."""

from common.measure import Cost, alternate, cpu, ratio, wall
from common.project import Project, finished
from common.results import Line, Row, show

REPETITIONS = 5
STAGES = ("prepare", "train", "evaluate")
LIMIT = 1.3
PLAIN = f"""
from tabrail.run import run
for stage in {STAGES!r}:
    run(stage)
"""


def main() -> None:
    """Run everything through DVC and in one process in turn, on the sample data."""
    with finished() as project:
        repro, plain, *stages = alternate(
            REPETITIONS,
            lambda: project.run("dvc", "repro", "--force"),
            lambda: project.run("python", "-c", PLAIN),
            *(lambda stage=stage: run_stage(project, stage) for stage in STAGES),
        )
    ours = ("cold dvc repro, CPU", cpu(repro), "s")
    against = ("one plain process", cpu(plain), ratio(repro, plain))
    show(
        "Cold run (sample data)",
        [
            Row("dvc repro --force, CPU", cpu(repro), "s"),
            Row("dvc repro --force, wall clock", wall(repro), "s"),
            *(
                Row(f"  of which tabrail run {name}, CPU", cpu(costs), "s")
                for name, costs in zip(STAGES, stages, strict=True)
            ),
            Row("  of which DVC itself (the rest), CPU", cpu(repro) - sum(map(cpu, stages)), "s"),
            Row("one plain process, CPU", cpu(plain), "s"),
            Row("one plain process, wall clock", wall(plain), "s"),
            Row("dvc repro / plain process, CPU", ratio(repro, plain), "x", LIMIT),
        ],
        [Line(*ours, *against, LIMIT)],
    )


def run_stage(project: Project, stage: str) -> Cost:
    """Run one stage alone, as dvc.yaml has it."""
    return project.run("tabrail", "run", stage)


if __name__ == "__main__":
    main()
