"""Normalize texts that look alike: blanks, invisible characters, accents."""

import re
import unicodedata

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# They are invisible, and no word needs them. Joiners are kept: Persian and emoji need them.
INVISIBLE = "\u00ad\u200b\u200e\u200f\u2060\ufeff"
BLANKS = "\u00a0\u2007\u202f"
REMOVED = str.maketrans(dict.fromkeys(INVISIBLE, "") | dict.fromkeys(BLANKS, " "))
ACCENTS = "\u0300-\u036f"  # marks that combine with the letter before them
UNUSUAL = f"[{ACCENTS}{INVISIBLE}{BLANKS}]"
ANY_UNUSUAL = re.compile(UNUSUAL)


def plain(text: str) -> str:
    r"""Return a text without surrounding blanks and invisible characters, in Unicode form NFC.

    >>> plain(" spam\u200b"), plain("Gro\u0308\u00dfe") == "Gr\u00f6\u00dfe"
    ('spam', True)
    """
    if ANY_UNUSUAL.search(text):
        text = unicodedata.normalize("NFC", text.translate(REMOVED))
    return text.strip()


def plain_series(texts: pd.Series) -> pd.Series:
    """Return `plain` of each text; shape (n_rows,)."""
    texts = texts.str.strip()
    # ASCII has none of them, and is quick to detect.
    if pc.all(pc.string_is_ascii(pa.array(texts, pa.large_string(), from_pandas=True))).as_py():
        return texts
    unusual = texts.str.contains(UNUSUAL, regex=True).fillna(False).astype(bool)
    return texts.mask(unusual, texts[unusual].map(plain)) if unusual.any() else texts
