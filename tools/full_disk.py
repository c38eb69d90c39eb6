"""Fill the disk while commands run, and check their messages and their files.

    sudo .venv/bin/python tools/full_disk.py FOLDER
    sudo .venv/bin/python tools/full_disk.py FOLDER --only merge --share 0.5

The project is on a tmpfs, which only root can mount. First a command runs with enough room, and its
largest use of the disk is measured. Then it runs with a share of that: nothing, a third, two
thirds. It must fail with a sentence about the full disk, without a traceback. Each file is as
before or as after. When there is room again, the same command must succeed, with the same files and
the same verdicts of `tabrail verify`. If a message says what to run, it is run once.

The commands are those of kill_commands.py, with the same FOLDER. A table shows the results. The
exit code is 1 if a check fails, and 2 without root.
"""

import argparse
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from disturbed_commands import COMMANDS, Command, Done, Place, advised, say

ROOM_KB = 1_000_000
SHARES = (0.0, 0.33, 0.67)
POLL_S = 0.003
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
FULL = re.compile(
    r"No space left|Out of diskspace|make room on the disk|disk (is )?full", re.IGNORECASE
)


def main() -> int:
    """Fill the disk, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the project")
    parser.add_argument("--only", action="append", choices=COMMANDS, help="may be repeated")
    parser.add_argument(
        "--share", action="append", type=float, help="of the room needed; may be repeated"
    )
    given = parser.parse_args()
    if sys.platform == "win32" or os.geteuid():
        print("error: only root can mount a tmpfs; run this program with sudo", file=sys.stderr)
        return 2
    place = Place(given.folder.resolve())
    place.make()
    rows, wrong = [], 0
    for name in given.only or COMMANDS:
        place.undisturbed(COMMANDS[name])
        with mounted(place):
            needed = _needed(place, COMMANDS[name])
            for share in given.share or SHARES if needed else ():
                said, found = _filled(place, COMMANDS[name], int(share * needed))
                wrong += bool(found)
                rows.append(f"| {name} | {int(share * needed):,} of {needed:,} kB | {said} | ")
                rows[-1] += f"{'; '.join(found) or 'ok'} |"
                say(rows[-1])
    print("| Command | Room | Said | Afterwards |\n| --- | --- | --- | --- |")
    print("\n".join(rows))
    if wrong:
        print(f"error: {wrong} of {len(rows)} full disks left something wrong", file=sys.stderr)
    return 1 if wrong else 0


@contextmanager
def mounted(place: Place) -> Iterator[None]:
    """Put a tmpfs where the project is."""
    place.work.mkdir(exist_ok=True)
    _root("mount", "-t", "tmpfs", "-o", f"size={ROOM_KB}k", "tmpfs", str(place.work))
    try:
        yield
    finally:
        _root("umount", "--lazy", str(place.work))


def _needed(place: Place, command: Command) -> int:
    """Return the most kB that a command uses while it runs."""
    place.restore(command.name)
    before = most = _used(place)
    ended = threading.Event()

    def look() -> None:
        nonlocal most
        while not ended.wait(POLL_S):
            most = max(most, _used(place))

    looking = threading.Thread(target=look)
    looking.start()
    place.done(command)
    ended.set()
    looking.join()
    return most - before


def _filled(place: Place, command: Command, room: int) -> tuple[str, list[str]]:
    """Run a command with too little room; return its message, and what is wrong."""
    usual = place.undisturbed(command)
    place.restore(command.name)
    _resize(place, max(_used(place) + room, PAGE_KB))
    done = place.done(command)
    _resize(place, ROOM_KB)
    said = _sentence(done)
    if done.code == usual.code:
        found = [f"full: {one}" for one in place.mixed(command, ended=True)]
        return "it had room enough", found
    found = [f"full: {one}" for one in place.mixed(command, ended=False)]
    if not FULL.search(done.text):
        found.append(f"no sentence about the disk, exit code {done.code}")
    if "Traceback" in done.text:
        found.append("a traceback")
    again = place.done(command)
    if again.code != usual.code and (advice := advised(again.text)):
        said += f" (then: {advice})"
        place.typed(advice)
        again = place.done(command)
    if again.code != usual.code or "Traceback" in again.text:
        found.append(f"repeated: exit code {again.code}: {' '.join(again.text.split())[-300:]}")
        return said, found
    found += [f"repeated: {one}" for one in place.mixed(command, ended=True)]
    if (verdicts := place.verified()) != usual.verified:
        found.append(f"verify: {sorted(set(verdicts.items()) ^ set(usual.verified.items()))}")
    return said, found


def _sentence(done: Done) -> str:
    """Return the line about the disk, or else the last one."""
    lines = [line.strip() for line in done.text.splitlines() if line.strip()] or ["nothing"]
    return next(filter(FULL.search, lines), lines[-1]).replace("|", "\\|")[:160]


def _used(place: Place) -> int:
    """Return how many kB are used."""
    found = os.statvfs(place.work)
    return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024


def _resize(place: Place, size: int) -> None:
    _root("mount", "-o", f"remount,size={size}k", str(place.work))


def _root(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
