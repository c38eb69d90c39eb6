"""What the gate says of honest retrainings of one recipe, and of changes that lose."""

import json
import subprocess
import sys
from pathlib import Path

from common.measure import say
from common.project import finished
from common.results import Row, show

RETRAININGS = 100
MOST_REFUSED = 5
PROGRAM = Path(__file__).with_name("common") / "retrainings.py"


def main() -> None:
    """Train in a generated project, and count what is refused."""
    with finished() as project:
        say(f"training {RETRAININGS} times, and four models that lose: some minutes")
        done = subprocess.run(
            [project.path / ".venv" / "bin" / "python", PROGRAM, str(RETRAININGS)],
            cwd=project.path,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    if done.returncode:
        sys.exit("could not measure: the trainings failed")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    honest, losing = said[:RETRAININGS], said[RETRAININGS:]
    refused = [one for one in honest if "FAILED" in (one["main_metric"], one["slices"])]
    main_metric = [one for one in honest if one["main_metric"] == "FAILED"]
    show(
        "Retrainings on other draws of the training rows",
        [
            Row("refused", len(refused), "of 100", MOST_REFUSED),
            Row("refused by the main metric", len(main_metric), "of 100"),
            Row(
                "clearly worse by the interval alone", sum(one["clear"] for one in honest), "of 100"
            ),
        ],
    )
    print("Changes that lose, on the rows on which the first edition let them through:\n")
    for one in losing:
        bounds = f"[{one['low']:.4f}, {one['high']:.4f}]"
        print(
            f"{one['what']}: {one['metric']} worse by {one['loss']:.4f} {bounds}; "
            f"limit {one['limit']:.4f}: {one['main_metric']}"
        )


if __name__ == "__main__":
    main()
