"""How many honest retrainings of one recipe the gate refuses.

Changes that lose are in tests/unit/test_gate.py: each of them has to be refused.
"""

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
        say(f"training {RETRAININGS} times: ten minutes")
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
    refused = [one for one in said if "FAILED" in (one["main_metric"], one["slices"])]
    main_metric = [one for one in said if one["main_metric"] == "FAILED"]
    show(
        "Retrainings on other draws of the training rows",
        [
            Row("refused", len(refused), "of 100", MOST_REFUSED),
            Row("refused by the main metric", len(main_metric), "of 100"),
            Row("clearly worse by the interval alone", sum(one["clear"] for one in said), "of 100"),
        ],
    )


if __name__ == "__main__":
    main()
