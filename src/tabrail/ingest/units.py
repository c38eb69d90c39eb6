"""Say how to read numbers that have something around them, such as 38,0 m²."""

import re
from collections import Counter

from tabrail.ingest import recipes
from tabrail.ingest.column_names import in_clean
from tabrail.ingest.look import Look

BEFORE, BEHIND = r"^[^\d.,+-]+(?=[+-]?[.,]?\d)", r"(?<=\d)\D+$"
AROUND = re.compile(f"{BEFORE}|{BEHIND}")
LETTERS = re.compile(r"[^\W\d_]")
SOME = 0.01  # share of the rows from which a unit is no slip


def advice(look: Look) -> str:
    """Return the line for clean that leaves the number alone.

    pandas' `replace` changes text only: an API's request has numbers, and these stay.
    """
    signs: Counter[str] = Counter()
    for word, count in look.words.items():
        sign = re.search(BEHIND, word)
        if sign and LETTERS.search(sign[0]):
            signs[sign[0].strip(" .")] += count
    name = in_clean(look.name)
    different = [sign for sign, count in signs.most_common() if count >= SOME * look.filled]
    if len(different) > 1:
        return (
            f"Their units differ ({', '.join(different[:5])}). To learn from their size, convert "
            f"them to one unit in clean (prepare.py) or in the file: {name} = …"
        )
    made = f'{name}.replace(r"{AROUND.pattern}", "", regex=True)'
    return f"To learn from their size, {recipes.clean(look.name, made)}"
