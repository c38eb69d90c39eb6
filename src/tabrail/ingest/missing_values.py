"""Find the words for a missing value."""

import re
from collections.abc import Collection, Mapping

from tabrail.data.schema import Kind, Schema

MISSING: list[str] = Schema.model_fields["missing"].default
MAYBE_MISSING = {
    *("?", "-", "--", "---", ".", "n/a", "na", "n.a.", "nil", "none", "null", "(null)", "nan"),
    *("unknown", "missing", "not available", "#n/a", "#value!", "#div/0!", "#ref!", "#name?"),
    *("#num!", "#null!", "#spill!", "#calc!", "<na>", "nat", "\\n", "n/d", "s/d", "k.a.", "n.d."),
    *("inf", "-inf", "+inf", "infinity", "-infinity", "tbd", "tba", "not applicable", "(missing)"),
    *("1.#inf", "-1.#inf", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "1.#snan", "-1.#snan"),
    *("..", "...", ":", "–", "—", "(blank)", "not reported", "no data", "keine angabe"),
}
# The dates of databases for a missing date, and of people for "until further notice".
NO_DATE = re.compile(
    r"(?:0000[-/.]00[-/.]00|00[-/.]00[-/.]0000|00000000|0001-01-01|01[-/.]01[-/.]0001"
    r"|(?:9999|2999)[-/.]12[-/.]31|31[-/.]12[-/.](?:9999|2999)|12/31/(?:9999|2999)"
    r"|(?:9999|2999)1231|9999-99-99)(?:[T ].*)?"
)
SURELY_MISSING = {"?", "-", "--"}
MEASURED = ("numeric", "boolean", "datetime")
FEW_WORDS, OFTEN, MOST_MEASURED = 2, 0.005, 0.7
RARE = 0.05  # in a target, a word for a missing value is rarer than this


def present(words: Mapping[str, int], missing: Collection[str]) -> dict[str, int]:
    """Return the values without the words for a missing value."""
    return {word: count for word, count in words.items() if word not in missing}


def surely_present(words: Mapping[str, int]) -> dict[str, int]:
    """Return the values without the words that may mean a missing value."""
    repeated = repeated_words(words)
    return {
        word: count
        for word, count in words.items()
        if word not in MISSING and not may_be_missing(word) and word not in repeated
    }


def may_be_missing(word: str) -> bool:
    """Check whether a word among numbers or dates means a missing value."""
    return word.lower() in MAYBE_MISSING or NO_DATE.fullmatch(word) is not None


def repeated_words(words: Mapping[str, int]) -> set[str]:
    """Return the one or two words that repeat among numbers or dates."""
    given = present(words, MISSING)
    wordy = {word for word in given if not any(letter.isdigit() for letter in word)}
    odd = {word for word in wordy if not may_be_missing(word)}
    measured = sum(count for word, count in given.items() if word not in wordy)
    if not 0 < len(odd) <= FEW_WORDS or measured < MOST_MEASURED * sum(given.values()):
        return set()
    return {word for word in odd if given[word] >= OFTEN * sum(given.values())}


def usual_words(columns: Mapping[str, Mapping[str, int]], target: str) -> list[str]:
    """Return the usual words for missing values, except for one that is a class of the target.

    Args:
        columns: the distinct values of each column.
        target: the column to predict. A word such as `None` is a class if no other column has it.
    """
    classes = columns.get(target, {})
    others = [words for name, words in columns.items() if name != target]
    return [
        word
        for word in MISSING
        if not word
        or classes.get(word, 0) < max(1, RARE * sum(classes.values()))
        or any(word in words for words in others)
    ]


def find(words: Mapping[str, int], kind: Kind | None, *, is_target: bool) -> list[str]:
    """Return the words for a missing value in a column.

    Args:
        words: some of its values, with their counts.
        kind: its kind apart from those words, if known.
        is_target: whether it is the column to predict.
    """
    measured = kind in MEASURED
    repeated = repeated_words(words) if measured and not is_target else set()
    return [
        word
        for word in words
        if (measured and word.lower() in MAYBE_MISSING)
        or (kind == "datetime" and NO_DATE.fullmatch(word))
        or word in repeated
        or (word in SURELY_MISSING and "+" not in words)
    ]
