"""Which words stand for no value."""

from collections.abc import Mapping

from tabrail.data.schema import Kind, Schema
from tabrail.ingest.beliefs import Beliefs

MISSING: list[str] = Schema.model_fields["missing"].default
MAYBE_MISSING = {
    *("?", "-", "--", "---", ".", "n/a", "na", "n.a.", "nil", "none", "null", "(null)", "nan"),
    *("unknown", "missing", "not available", "#n/a", "#value!", "#div/0!", "#ref!", "#name?"),
}
SURELY_MISSING = {"?", "-", "--"}
MEASURED = ("numeric", "boolean", "datetime")
FEW_WORDS, OFTEN, MOST_MEASURED = 2, 0.01, 0.7
RARE = 0.05  # among a target's classes, a word that stands for no value is rarer than this


def rest(words: Mapping[str, int]) -> dict[str, int]:
    """Return the values without the words that may stand for none."""
    unknown = marks(words)
    return {
        word: count
        for word, count in words.items()
        if word not in MISSING and word.lower() not in MAYBE_MISSING and word not in unknown
    }


def marks(words: Mapping[str, int]) -> set[str]:
    """Return the one or two words that come again and again between numbers or dates."""
    given = {word: count for word, count in words.items() if word not in MISSING}
    wordy = {word for word in given if not any(letter.isdigit() for letter in word)}
    odd = {word for word in wordy if word.lower() not in MAYBE_MISSING}
    measured = sum(count for word, count in given.items() if word not in wordy)
    if not 0 < len(odd) <= FEW_WORDS or measured < MOST_MEASURED * sum(given.values()):
        return set()
    return {word for word in odd if given[word] >= OFTEN * sum(given.values())}


def keep_classes(beliefs: Beliefs, texts: Mapping[str, Mapping[str, int]]) -> None:
    """Take a word such as `None` for a class where it is one, and no other column's gap.

    Args:
        beliefs: names the target; its missing words are changed.
        texts: the different values of each column.
    """
    words = texts.get(beliefs.target, {})
    for word in [word for word in words if word and word in beliefs.missing]:
        others = any(word in texts[name] for name in texts if name != beliefs.target)
        if words[word] >= RARE * sum(words.values()) and not others:
            beliefs.missing.remove(word)


def adopt(beliefs: Beliefs, name: str, words: Mapping[str, int], kind: Kind | None) -> bool:
    """Take words that stand for no value into the schema; return whether there are any.

    Args:
        beliefs: its missing words are changed.
        name: a column.
        words: some of its values, with how often each comes.
        kind: its kind apart from those words, if it is known.
    """
    measured = kind in MEASURED
    unknown = marks(words) if measured and name != beliefs.target else set()
    taken = [
        word
        for word in words
        if word not in beliefs.missing and word not in beliefs.classes
        if (measured and word.lower() in MAYBE_MISSING)
        or word in unknown
        or (word in SURELY_MISSING and "+" not in words)
    ]
    if name == beliefs.target and kind != "numeric":
        total = sum(words.values())
        beliefs.classes |= {word for word in words if words[word] >= RARE * total}
        taken = [word for word in taken if word not in beliefs.classes]
    for word in taken:
        beliefs.missing.append(word)
        beliefs.missing_in[word] = name
    return bool(taken)
