"""Refuse bad answers, one sentence each, before anything is written.

`cookiecutter_dvc.py` applies these rules as soon as the last question is answered; as a hook they
apply once more, to answers that come from a replay file.
"""

import json
import os
import sys
from collections.abc import Mapping

# The extension leaves the template's place in the environment.
sys.path.insert(0, os.environ["COOKIECUTTER_DVC"])

from cookiecutter_dvc_hooks import rules


def main(answers: Mapping[str, object]) -> int:
    """Return the exit code: 1 if an answer is refused, with the reasons on stderr."""
    sentences = rules.problems(answers)
    if sentences:
        print(rules.refusal(sentences), file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")
    # Cruft names no output folder.
    sys.exit(main(CONTEXT if "_output_dir" in CONTEXT else rules.without_table(CONTEXT)))
