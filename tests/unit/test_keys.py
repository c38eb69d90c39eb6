"""Keys are added to files that people have written, and everything else in them stays."""

from pathlib import Path
from typing import Any

import pytest

from tabrail.errors import InputError
from tabrail.parts.keys import Addition, with_additions

YAML, TOML = Path("ci.yml"), Path("pyproject.toml")
JOB = Addition("ci.yml", ("jobs", "train"), "now")
ITEMS = Addition("ci.yml", ("include",), ["a", "b"])
GROUP = Addition("pyproject.toml", ("dependency-groups", "notebook"), ["jupyterlab"])


def added(path: Path, text: str, *additions: Addition) -> str:
    """Return the text with keys added; they are there when they are added again."""
    once = with_additions(path, text, list(additions))
    assert with_additions(path, once, list(additions)) == once
    return once


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_key_is_added_to_yaml_and_the_rest_stays_however_it_is_indented(indent: str) -> None:
    text = f"# mine\nsteps:\n{indent}- 'one'  # quoted\njobs:\n  test: x\n"
    assert added(YAML, text, JOB) == f"{text}  train: now\n"


def test_items_are_added_to_a_list_in_front_of_what_is_there() -> None:
    assert added(YAML, "include:\n  - b\n  - c\n", ITEMS) == "include:\n  - a\n  - b\n  - c\n"
    assert added(YAML, "x: 1\n", ITEMS) == "x: 1\ninclude:\n  - a\n  - b\n"


def test_a_table_is_added_to_toml_and_the_rest_stays() -> None:
    text = "# mine\n[project]\nname   =  'x'\n"
    found = added(TOML, text, GROUP)
    assert found.startswith(text)
    assert found.endswith('[dependency-groups]\nnotebook = ["jupyterlab"]\n')


@pytest.mark.parametrize(
    ("path", "text", "addition", "message"),
    [
        (TOML, "[project", GROUP, r"^pyproject\.toml is not valid TOML: "),
        (YAML, "a: [", JOB, r"^ci\.yml is not valid YAML: [^\n]*$"),
        (YAML, "jobs: none\n", JOB, r"^ci\.yml: jobs is not a table of keys; correct it first$"),
        (
            YAML,
            "include: a\n",
            ITEMS,
            r"^ci\.yml: include is not a list; make it a list that can hold \['a",
        ),
        (
            YAML,
            "jobs:\n  train: later\n",
            JOB,
            r"^ci\.yml: jobs\.train already exists with another value \(later\); rename or",
        ),
        (
            TOML,
            "[dependency-groups]\nnotebook = []\n",
            GROUP,
            r"dependency-groups\.notebook already exists with another value \(\[\]\); rename",
        ),
        (
            YAML,
            "- a list\n",
            JOB,
            r"would be lost, so nothing was changed\. Add this by hand and run .*train: now",
        ),
        (YAML, "jobs: {test:    x}\n", JOB, "the format of ci.yml would be lost"),
    ],
)
def test_what_cannot_be_added_is_said_with_what_to_do(
    path: Path, text: str, addition: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        with_additions(path, text, [addition])
