"""The months that the model has not seen are scored as they arrive."""

import csv
from pathlib import Path

from support.projects import TEMPLATE, Project

SEPTEMBER = TEMPLATE / "sample" / "flights-2013-09.parquet"


def test_a_later_month_is_scored_row_by_row(clone: Project, tmp_path: Path) -> None:
    clone.uv("gto", "register", "model", "--version", "v0.1.0")
    out = tmp_path / "september.csv"
    printed = clone.uv("tabrail", "predict", str(SEPTEMBER), str(out))
    assert "unseen_category" in printed  # a carrier and an airport that are new
    assert f"2,760 rows scored by model@v0.1.0: {out}" in printed
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["row"]) for row in rows] == list(range(1, 2761))
    assert {row["date"][:7] for row in rows} == {"2013-09"}
    assert {row["prediction"] for row in rows} == {"no", "yes"}
    assert all((float(row["probability"]) >= 0.3) == (row["prediction"] == "yes") for row in rows)
    assert {row["model"] for row in rows} == {"model@v0.1.0"}
    # Nothing is replaced unasked, and data that breaks the schema is not scored.
    again = clone.uv("tabrail", "predict", str(SEPTEMBER), str(out), code=1)
    assert "already exists" in again
    broken = tmp_path / "broken.csv"
    broken.write_text("date,carrier\n2013-09-01,UA\n", encoding="utf-8")
    refused = clone.uv("tabrail", "predict", str(broken), str(tmp_path / "x.csv"), code=1)
    assert "has no column" in refused
    assert not (tmp_path / "x.csv").exists()
