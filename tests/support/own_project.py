"""A table of a user's own, with names that are hard to write down."""

import csv
from pathlib import Path

HOSTILE_TARGET = """sold? *1* `"2"` <3> $HOME | 'é'"""
HOSTILE_WORDS = r"""O'Neil "Ж" \ Größe & <b> #1 {} %s ☃ 🎉"""


def write_hostile_table(folder: Path) -> dict[str, str]:
    """Write the table into a folder, unless it is there; return the answers that bring it in."""
    table = folder / "Zoë's tables" / "Häuser & $more.csv"
    if not table.exists():
        table.parent.mkdir()
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["area", "rent", "city", HOSTILE_TARGET])
            for i in range(400):
                area, rent, city = (
                    i * 37 % 199,
                    i * 91 % 401 / 8,
                    ("Oslo", "Ulm", "Köln")[i * i % 3],
                )
                writer.writerow([area, rent, city, "sold" if area + rent > 120 else "open"])
    words = {"description": HOSTILE_WORDS, "author_name": HOSTILE_WORDS}
    return {"data_file": str(table), "target": HOSTILE_TARGET, **words}
