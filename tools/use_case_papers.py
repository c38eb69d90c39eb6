"""Write the pages that only people can write, with the sentences of a use case."""

import re
from pathlib import Path

from generated_project import OtherwiseError
from use_case_tables import Case

# A sentence that came with the project. Before it is the end of another one, of bold words, or of
# a cell of a table.
UNWRITTEN = re.compile(
    r"""(?<=[\s"])(?=[^\s.|*"])"""
    r"""(?:[^\s.|*"]|[^\S\n]|\n(?!\n)|\.(?=\w))*?"""
    r"""\bha(?:s|ve)\s+not\s+been\s+written\s+down\s+yet\.?"""
)


def write_papers(project: Path, case: Case) -> None:
    """Write the plan, the datasheet, the decisions and the model card.

    Raises:
        OtherwiseError: a page asks for more or fewer answers than there are.
    """
    texts = case.texts
    metric, bound, number = case.goal
    plan = [
        texts.problem,
        texts.users,
        "New rows come from the same program in the first week of a month.",
        f"The model is worth using with `{metric}` of {bound.replace('_', ' ')} {number}.",
        "The server answers as soon as it is asked.",
        f"{texts.harm} Without a prediction, people decide as before.",
        "Ada Byron looks at it every Monday.",
        "That is needed once a month.",
        texts.people,
        "Ada Byron",
        "those who use the predictions",
        "Ada Byron",
    ]
    answers = {
        "docs/plan.md": plan,
        "docs/datasheet.md": [
            texts.source,
            "All rows are here.",
            texts.later,
            texts.people,
            texts.limits,
        ],
        "docs/decisions.md": [f"{texts.harm} The model is used on rows that come later."],
        "params.yaml": [texts.users, texts.limits],
    }
    params = project / "params.yaml"
    text, goal = params.read_text(encoding="utf-8"), f"{{metric: {metric}, {bound}: {number}}}"
    params.write_text(text.replace("  goal: {} ", f"  goal: {goal} "), encoding="utf-8")
    for name, sentences in answers.items():
        path = project / name
        path.write_text(
            _filled(path.read_text(encoding="utf-8"), sentences, name), encoding="utf-8"
        )


def _filled(text: str, sentences: list[str], name: str) -> str:
    """Return a page with a sentence for each that came with the project."""
    waiting = list(sentences)

    def sentence(_: re.Match[str]) -> str:
        if not waiting:
            raise OtherwiseError(f"{name} asks for more than {len(sentences)} answers")
        return waiting.pop(0)

    filled = UNWRITTEN.sub(sentence, text)
    if waiting:
        raise OtherwiseError(f"{name} does not ask for: {waiting}")
    return filled
