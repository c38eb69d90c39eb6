"""The examples of what is public run, and print what they say."""

import doctest
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sklearn.compose import ColumnTransformer
from trained import stand_in

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
PLACES = ["tabrail", "tabrail.features", "tabrail.testing"]
# What has none says by its attributes what it is, or needs a whole project to be shown.
WITHOUT = {
    *("tabrail.InputError", "tabrail.Model", "tabrail.Params", "tabrail.Schema", "tabrail.Split"),
    *("tabrail.features.DateParts", "tabrail.testing.check_model", "tabrail.testing.check_project"),
    "tabrail.testing.sample_rows",
}


def public() -> list[str]:
    """Return all public names."""
    return [f"{place}.{name}" for place in PLACES for name in import_module(place).__all__]


def examples(name: str) -> list[doctest.DocTest]:
    """Return the examples of a public name."""
    place, _, last = name.rpartition(".")
    found = getattr(import_module(place), last)
    tests = doctest.DocTestFinder(recurse=False).find(found, last)
    return [test for test in tests if test.examples]


@pytest.mark.parametrize("name", [name for name in public() if name not in WITHOUT])
def test_an_example_prints_what_it_says(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (test,) = examples(name)
    if "example_root" in "".join(example.source for example in test.examples):
        stand_in("binary", project)
        capsys.readouterr()
    known: dict[str, Any] = {"example_root": project, "ColumnTransformer": ColumnTransformer}
    test.globs.clear()
    test.globs.update(known)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert not result.failed, "".join(said)
    assert result.attempted


def test_only_what_is_named_has_no_example() -> None:
    assert {name for name in public() if not examples(name)} == WITHOUT


def test_all_that_is_public_can_be_imported_and_says_what_it_is() -> None:
    for name in public():
        place, _, last = name.rpartition(".")
        assert getattr(import_module(place), last).__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = import_module("tabrail").nothing
