"""Find the words that stand for a missing value."""

from collections.abc import Collection, Mapping

from tabrail.data.schema import Kind, Schema

MISSING: list[str] = Schema.model_fields["missing"].default
MAYBE_MISSING = {
    *("?", "-", "--", "---", ".", "n/a", "na", "n.a.", "nil", "none", "null", "(null)", "nan"),
    *("unknown", "missing", "not available", "#n/a", "#value!", "#div/0!", "#ref!", "#name?"),
}
SURELY_MISSING = {"?", "-", "--"}
MEASURED = ("numeric", "boolean", "datetime")
FEW_WORDS, OFTEN, MOST_MEASURED = 2, 0.01, 0.7
RARE = 0.05  # among a target's classes, a word that stands for no value is rarer than this


def present(words: Mapping[str, int], missing: Collection[str]) -> dict[str, int]:
    """Return the values without the words that stand for a missing one."""
    return {word: count for word, count in words.items() if word not in missing}


def surely_present(words: Mapping[str, int]) -> dict[str, int]:
    """Return the values without the words that may stand for a missing one."""
    repeated = repeated_words(words)
    return {
        word: count
        for word, count in words.items()
        if word not in MISSING and word.lower() not in MAYBE_MISSING and word not in repeated
    }


def repeated_words(words: Mapping[str, int]) -> set[str]:
    """Return the one or two words that come again and again between numbers or dates."""
    given = present(words, MISSING)
    wordy = {word for word in given if not any(letter.isdigit() for letter in word)}
    odd = {word for word in wordy if word.lower() not in MAYBE_MISSING}
    measured = sum(count for word, count in given.items() if word not in wordy)
    if not 0 < len(odd) <= FEW_WORDS or measured < MOST_MEASURED * sum(given.values()):
        return set()
    return {word for word in odd if given[word] >= OFTEN * sum(given.values())}


def usual_words(columns: Mapping[str, Mapping[str, int]], target: str) -> list[str]:
    """Return the usual words for missing values, without one that is a class of the target.

    Args:
        columns: the different values of each column.
        target: the column to predict; `None`, say, is a class where no other column has it.
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
    """Return the words of a column that stand for a missing value.

    Args:
        words: some of its values, with how often each comes.
        kind: its kind apart from those words, if it is known.
        is_target: whether it is the column to predict.
    """
    measured = kind in MEASURED
    repeated = repeated_words(words) if measured and not is_target else set()
    return [
        word
        for word in words
        if (measured and word.lower() in MAYBE_MISSING)
        or word in repeated
        or (word in SURELY_MISSING and "+" not in words)
    ]
