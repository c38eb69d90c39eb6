"""Months that the model has not seen: what is found in them, and the page that tells of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.browser import CHROMIUM, rendered
from support.projects import TEMPLATE, Project

RESHUFFLED = """
import sys, pandas as pd
rows = pd.read_parquet("data/prepared/train.parquet")
for seed, path in enumerate(sys.argv[1:]):
    rows.sample(2_500, random_state=seed).drop(columns="late").to_parquet(path)
"""
MONTHS = sorted((TEMPLATE / "sample").glob("flights-2013-*.parquet"))


@pytest.fixture(scope="module")
def watched(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about the months, which is an alert."""
    page = tmp_path_factory.mktemp("watched") / "page.html"
    finished.uv("tabrail", "monitor", *map(str, MONTHS), "--output", str(page), code=1)
    return page


def found(project: Project, *tables: Path, code: int) -> dict[str, list[dict[str, str]]]:
    command = ("tabrail", "monitor", *map(str, tables), "--json")
    content: dict[str, list[dict[str, str]]] = json.loads(project.uv(*command, code=code))
    return content


@pytest.mark.ci("it takes half a minute")
def test_drift_is_found_in_the_months_where_it_is(finished: Project) -> None:
    """September to November were less often late, December more; all were of another season."""
    for month in MONTHS:
        alerts = {(a["check"], a["about"]) for a in found(finished, month, code=1)["alerts"]}
        assert ("drift", "dewp") in alerts
        assert ("calibration", "") in alerts
        assert ("main_metric", "") not in alerts


def test_reshuffled_training_months_are_silent(finished: Project, tmp_path: Path) -> None:
    parts = [tmp_path / f"{seed}.parquet" for seed in range(4)]
    finished.uv("python", "-c", RESHUFFLED, *map(str, parts))
    assert found(finished, *parts, code=0)["alerts"] == []


@pytest.mark.ci("it needs Chromium")
def test_the_page_opens_complete_without_a_network(watched: Path, tmp_path: Path) -> None:
    source = watched.read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|url\(|@import", source)
    shown = rendered(watched, tmp_path)
    assert "<title>Alert: Flights out of New York</title>" in shown
    for title in ("What is wrong", "Live performance", "Columns that moved", "All checks"):
        assert title in shown
    assert len(re.findall(r'<svg[^>]* role="img" aria-label="[^"]', shown)) > 20


@pytest.mark.ci("it needs Chromium")
@pytest.mark.parametrize("width", [320, 1100])
def test_the_page_needs_no_scrolling_sideways(width: int, watched: Path, tmp_path: Path) -> None:
    """Seen through a frame, for no browser window is that narrow."""
    copy = tmp_path / "page.html"
    shutil.copyfile(watched, copy)
    copy.write_text(
        copy.read_text(encoding="utf-8").replace("<details>", "<details open>"), encoding="utf-8"
    )
    outer = tmp_path / "outer.html"
    outer.write_text(
        f'<iframe src="page.html" style="width:{width}px;height:900px;border:0"></iframe>'
        "<script>onload=()=>{const p=frames[0].document.documentElement;"
        "document.title=p.scrollWidth+' of '+p.clientWidth}</script>",
        encoding="utf-8",
    )
    assert CHROMIUM, "on Debian: apt-get install chromium"
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    done = subprocess.run(
        [
            CHROMIUM,
            *flags,
            f"--user-data-dir={tmp_path / 'second'}",
            "--dump-dom",
            outer.as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    [(needed, there)] = re.findall(r"<title>(\d+) of (\d+)</title>", done.stdout)
    assert int(needed) <= int(there)
