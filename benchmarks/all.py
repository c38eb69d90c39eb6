"""Run benchmark programs, and print one table of ours beside limits and peers, then the rest.

Without names of programs, such as `rest_api`, all run. Options are handed to the programs that know
them: `--peers` and `--large`.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from common.measure import say
from common.results import KEPT, kept_lines, show_lines

HERE = Path(__file__)


def main() -> None:
    """Run one program after the other."""
    found = [one for one in sorted(HERE.parent.glob("*.py")) if one.name != HERE.name]
    names = [word for word in sys.argv[1:] if word[0] != "-"]
    if unknown := set(names) - {one.stem for one in found}:
        sys.exit(f"no program: {', '.join(sorted(unknown))}; see {HERE.parent}")
    programs = [one for one in found if not names or one.stem in names]
    printed: list[str] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        lines = Path(folder) / "lines.jsonl"
        lines.touch()
        for number, program in enumerate(programs, start=1):
            say(f"{program.name} ({number} of {len(programs)})")
            known = program.read_text(encoding="utf-8")
            options = [word for word in sys.argv[1:] if word[0] == "-" and f'"{word}"' in known]
            done = subprocess.run(
                [sys.executable, str(program), *options],
                env=os.environ | {KEPT: str(lines)},
                stdout=subprocess.PIPE,
                encoding="utf-8",
                check=False,
            )
            if done.returncode:
                failed.append(program.name)
            printed.append(done.stdout)
        show_lines(kept_lines(lines))
    print("".join(printed))
    if failed:
        sys.exit(f"could not measure: {', '.join(failed)}")


if __name__ == "__main__":
    main()
