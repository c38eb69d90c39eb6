"""What a person should know of a schema that was inferred, in sentences."""

from tabrail.ingest import roles
from tabrail.ingest.beliefs import Beliefs
from tabrail.ingest.people import tells
from tabrail.ingest.survey import Survey, Tally

SMALL_CLASS = 30  # rows
ENCODINGS = {"cp1252": "Windows' Western European", "latin-1": "Latin-1"}


def leak(beliefs: Beliefs, name: str) -> str:
    """Say that a column gives the answer away, and how to bring it back."""
    found = beliefs.leaks[name]
    back = [f"kind: {found.guess.kind}"]
    back += [f'format: "{found.guess.format}"'] if found.guess.format else []
    back += ["nullable: true"] if found.nullable else []
    return (
        f"LEAK? Alone it predicts {beliefs.target} near perfectly ({_scored(beliefs, found.score)} "
        f"on rows it was not fitted to): is it known before {beliefs.target} is? Then write "
        "{" + ", ".join(back) + "}"
    )


def suspicion(beliefs: Beliefs, name: str, score: float) -> str:
    """Say that a column gives the answer away, and is all that there is."""
    return (
        f"{name}: LEAK? Alone it predicts {beliefs.target} near perfectly "
        f"({_scored(beliefs, score)}), and there is no other column to learn from. If it is not "
        f"known before {beliefs.target} is, the model is worth nothing"
    )


def _scored(beliefs: Beliefs, score: float) -> str:
    measure = "R² of the ranks" if beliefs.goal.task == "regression" else "balanced accuracy"
    return f"{measure} {score:.3f}"


def form(beliefs: Beliefs) -> str:
    """Say why the files are taken to be written as they are."""
    parts = [beliefs.form_reason]
    if beliefs.form.encoding in ENCODINGS:
        what = ENCODINGS[beliefs.form.encoding]
        parts.insert(0, f"no UTF-8, so taken for {what}; check letters beyond a to z")
    return "; ".join(part for part in parts if part)


def unlabeled(found: Survey, target: str) -> str:
    """Say how many rows have no target."""
    count = found.columns[target].missing
    return f"{count:,} of {found.rows:,} rows have no target and are left out" if count else ""


def small_classes(beliefs: Beliefs, found: Survey) -> list[str]:
    """Warn of classes of which a split may have no row."""
    if beliefs.goal.kind == "numeric":
        return []
    small = {
        level: count
        for level, count in found.columns[beliefs.target].levels.items()
        if count < SMALL_CLASS
    }
    shown = ", ".join(f"{level!r} {count}" for level, count in list(small.items())[:5])
    few = f"{len(small)} class(es) of {beliefs.target} have fewer than {SMALL_CLASS} rows: {shown}"
    return [few] if small else []


def repeated(found: Survey, *, keep: bool) -> str:
    """Say how many rows equal an earlier one, and what is done with them."""
    if not found.repeated:
        return ""
    note = f"{found.repeated:,} of {found.rows:,} rows equal an earlier one in every column"
    if keep:
        return f"{note}: too many to be slips, so they count as rows of their own"
    return f"{note} and are dropped; to keep them, write: keep"


def missing(beliefs: Beliefs) -> str:
    """Say where the words are from that stand for no value."""
    found = [f"{word!r} in {roles.short(name)}" for word, name in beliefs.missing_in.items()]
    return f"beyond the usual words: {', '.join(found)}" if found else ""


def faults(kind: str, tally: Tally, rows: int) -> tuple[str, list[str]]:
    """Say how many values of a column cannot be read, and return some that tell of nobody."""
    if not tally.unreadable:
        return "", []
    words = [word for word in tally.words if not tells(word)][:3]
    such = f", such as {', '.join(repr(word[:30]) for word in words)}" if words else ""
    count = f"{tally.unreadable:,} of {rows:,}"
    return f"{count} values cannot be read as {kind}{such}; prepare drops these rows", words
