"""Kill commands at random moments, and check their files and whether they can be repeated.

    .venv/bin/python tools/kill_commands.py FOLDER
    .venv/bin/python tools/kill_commands.py FOLDER --kills 90 --only merge --only ingest

In one generated project, the process group of a command gets SIGKILL. Half of the kills come at any
moment, the other half right after the command has changed a file. After a kill, each file is as
before or as after, or has a name that ends in .tmp. DVC's objects are complete. The same command is
run again and must succeed, with the same files and the same verdicts of `tabrail verify`. If a
message says what to run, it is run once.

The commands are the stages through `dvc repro`, ingest, merge, validate, predict, report, forget.
A table shows the results. The exit code is 1 if a check fails. FOLDER keeps the project. If the
project already exists, it is used again.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from disturbed_commands import COMMANDS, Command, Place, Undisturbed, advised, say


def main() -> int:
    """Kill, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the project")
    parser.add_argument("--kills", type=int, default=30, help="how many (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--only", action="append", choices=COMMANDS, help="may be repeated")
    given = parser.parse_args()
    place = Place(given.folder.resolve())
    place.make()
    chance = random.Random(given.seed)  # noqa: S311 - moments, not secrets
    names = given.only or list(COMMANDS)
    rows, wrong = [], 0
    for number in range(given.kills):
        name = names[number % len(names)]
        moment, found, advice = _killed(place, COMMANDS[name], chance, number // len(names))
        wrong += bool(found)
        ending = "; ".join(found) or (f"after: {advice}" if advice else "ok")
        rows.append(f"| {number + 1} | {name} | {moment} | {ending} |")
        say(rows[-1])
    print("| Kill | Command | Moment | Afterwards |\n| --- | --- | --- | --- |")
    print("\n".join(rows))
    if wrong:
        print(f"error: {wrong} of {given.kills} kills left something wrong", file=sys.stderr)
    return 1 if wrong else 0


def _killed(
    place: Place, command: Command, chance: random.Random, turn: int
) -> tuple[str, list[str], str]:
    """Kill a command; return the moment, what is wrong, and the commands to recover."""
    usual = place.undisturbed(command)
    place.restore(command.name)
    with place.begun(command) as process:
        moment = _moment(place, process, usual, chance, at_change=turn % 2 == 0)
        over = process.poll() is not None
        if not over:
            os.killpg(process.pid, signal.SIGKILL)
        place.ended(process)
    moment += ", had ended" if over else ""
    found = [f"killed: {one}" for one in place.mixed(command, ended=False)]
    if over:  # a second time is another thing
        return moment, found, ""
    done, advice = place.done(command), ""
    if done.code != usual.code and (advice := advised(done.text)):
        place.typed(advice)
        done = place.done(command)
    if done.code != usual.code or "Traceback" in done.text:
        found.append(f"repeated: exit code {done.code}: {' '.join(done.text.split())[-300:]}")
        return moment, found, advice
    found += [f"repeated: {one}" for one in place.mixed(command, ended=True)]
    if (verdicts := place.verified()) != usual.verified:
        differing = sorted(set(verdicts.items()) ^ set(usual.verified.items()))
        found.append(f"verify: {differing}")
    return moment, found, advice


def _moment(
    place: Place,
    process: subprocess.Popen[bytes],
    usual: Undisturbed,
    chance: random.Random,
    *,
    at_change: bool,
) -> str:
    """Wait for the moment of the kill, and return its name."""
    if at_change and usual.changes:
        wanted = chance.randint(1, usual.changes)
        for seen, _ in enumerate(place.changes(process), start=1):
            if seen == wanted:
                break
        return f"change {wanted} of {usual.changes}"
    seconds = chance.uniform(0.3, 0.98) * usual.seconds
    time.sleep(seconds)
    return f"{seconds:.1f} of {usual.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
