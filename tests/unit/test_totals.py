"""A line of totals that is read as a row is said, and ordinary tables raise no alarm."""

from pathlib import Path

import numpy as np
import pytest

from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer

ROWS = 400
RANDOM = np.random.default_rng(0)
AREA = RANDOM.integers(20, 180, ROWS)
RENT = np.round(AREA * RANDOM.normal(95, 12, ROWS) + 800, 2)


def german(number: float) -> str:
    return f"{number:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def rents(folder: Path, *last: str) -> Draft:
    """Infer the schema of a table as a German spreadsheet writes it, with these last lines."""
    lines = ["Wohnung;Straße;Fläche;Lage;Miete in €"]
    for row in range(ROWS):
        street, place = ("Mühlgasse", "Bäckerweg")[row % 2], ("Süd", "Nord")[row % 3 > 0]
        lines.append(f"W{row:04};{street};{AREA[row]};{place};{german(RENT[row])}")
    path = folder / "rents.csv"
    path.write_bytes("\r\n".join([*lines, *last, ""]).encode("cp1252"))
    return infer([path], "Miete in €")


@pytest.mark.parametrize("label", ["Summe", "Total", "Gesamtmiete aller Wohnungen", "", "W9999"])
def test_a_line_of_totals_is_set_aside_or_said(label: str, tmp_path: Path) -> None:
    draft = rents(tmp_path, f"{label};;;;{german(RENT.sum())}")
    aside = [one for one in draft.warnings if "set aside: totals" in one]
    said = [one for one in draft.warnings if one.startswith("TOTALS? One row has the sum")]
    assert len(aside + said) == 1
    assert bool(aside) == (label in ("Summe", "Total"))
    assert draft.rows == ROWS + len(said)
    if said:
        assert f"Miete in € {RENT.sum():,.15g}" in said[0]
        assert "Delete it in the file" in said[0]


@pytest.mark.parametrize(
    "numbers",
    [
        RENT,
        RANDOM.poisson(0.05, ROWS),  # mostly 0: the largest count may be the sum of the others
        np.where(np.arange(ROWS) == 7, 3, np.where(np.arange(ROWS) < 4, 1, 0)),
        RANDOM.normal(0, 1, ROWS),
        np.where(np.arange(ROWS) == 7, 0.9 * RENT.sum(), RENT),  # a slip of the pen
        np.exp(RANDOM.normal(0, 4, ROWS)),
    ],
    ids=["rents", "counts", "few counts", "signed", "slip", "heavy tail"],
)
def test_ordinary_numbers_raise_no_alarm(numbers: np.ndarray, tmp_path: Path) -> None:
    lines = ["a,b,y", *(f"{n},{AREA[i]},{RENT[i]}" for i, n in enumerate(numbers))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    draft = infer([tmp_path / "t.csv"], "y")
    assert not [one for one in draft.warnings if "TOTALS?" in one]
