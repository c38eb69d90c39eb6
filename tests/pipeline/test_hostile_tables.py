"""Whatever file a user brings, it trains, or one sentence says why not."""

import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from support import hostile_tables
from support.hostile_tables import CASES, EITHER, REFUSED, SAME, TRAINS
from support.projects import Project, user_environment


class Server:
    """A process with the project's interpreter that brings tables in, one after the other."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.folder = folder
        skeleton = project.clone("hostile")
        # What no command reads makes every copy slower.
        for unused in ("tests", ".github"):
            shutil.rmtree(skeleton.path / unused)
        # Fewer draws: the widths of the intervals do not matter here.
        params = skeleton.path / "params.yaml"
        cheap = re.sub(r"resamples: \d+", "resamples: 100", params.read_text(encoding="utf-8"))
        params.write_text(cheap, encoding="utf-8")
        program = [hostile_tables.__file__, "flight_delays", str(skeleton.path)]
        self._process = subprocess.Popen(
            ["uv", "run", "--project", str(project.path), "python", *program],
            env=user_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def bring(self, case: str) -> dict[str, Any]:
        """Bring a case's table into a project of its own; return what happened."""
        assert self._process.stdin
        assert self._process.stdout
        folder = self.folder / case.replace(" ", "-")
        self._process.stdin.write(json.dumps([case, str(folder)]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    @cached_property
    def plain(self) -> str:
        """The hash of the plain table's prepared rows."""
        prepared: str = self.bring("a plain table")["prepared"]
        return prepared

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


@pytest.fixture(scope="module")
def server(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(finished, tmp_path_factory.mktemp("hostile"))
    yield started
    started.close()


@pytest.mark.parametrize("name", CASES)
def test_it_trains_or_one_sentence_says_why_not(server: Server, name: str) -> None:
    case, result = CASES[name], server.bring(name)
    printed = "\n".join(f"{step} ({code}): {output}" for step, code, output in result["steps"])
    last, code, output = result["steps"][-1]
    assert "Traceback" not in printed, printed
    assert "Warning" not in printed, printed
    assert case.outcome in ({EITHER, REFUSED} if code else {EITHER, TRAINS, SAME}), printed
    if code:
        assert len(re.findall(r"^error: ", output, flags=re.MULTILINE)) == 1, printed
        assert case.says in output.lower(), printed
        # Which split a row falls into, only `prepare` knows: it may lack a rare class.
        assert last == "ingest" or case.outcome == EITHER, printed
        assert last != "ingest" or result["changed"] == [], printed
    elif case.outcome == SAME:
        assert result["prepared"] == server.plain, result["contract"]
    elif "--dry-run" in case.options:
        assert result["changed"] == []
    elif last == "evaluate":
        assert all(math.isfinite(score) for score in result["metrics"].values()), result["metrics"]
