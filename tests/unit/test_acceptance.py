"""What people accept deliberately stands in their commits, with a reason."""

from pathlib import Path

import pytest
from runs import GATE, Repository

from tabrail.review.acceptance import Acceptance, since

CHECKS = type(GATE).model_fields


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository whose `main` has accepted something of its own."""
    monkeypatch.chdir(tmp_path)
    repository = Repository()
    repository.commit("Start")
    repository.commit("Of main", "Accept-Gate: drift: that was another change")
    repository.git("checkout", "--quiet", "-b", "mine")
    return repository


@pytest.mark.parametrize(
    "line",
    [
        "Accept-Gate: slices: Ulm has 60 rows",
        "accept-gate:  slices :  Ulm has 60 rows  ",
        "* Accept-Gate: slices: Ulm has 60 rows",
        "Accept-Gate: slices Ulm has 60 rows",
    ],
)
def test_a_line_in_a_commit_accepts(repository: Repository, line: str) -> None:
    commit = repository.commit("Accept it", line)
    expected = Acceptance("slices", "Ulm has 60 rows", "Ada", commit[:7])
    assert since("main", CHECKS) == ({"slices": expected}, [], {})


def test_only_what_the_change_itself_accepts_counts(repository: Repository) -> None:
    assert since("main", CHECKS) == ({}, [], {})
    assert set(since("main~1", CHECKS)[0]) == {"drift"}


def test_several_lines_count_and_of_one_check_the_last(repository: Repository) -> None:
    repository.commit("One", "Accept-Gate: slices: first\nAccept-Gate: drift: winter")
    repository.commit("Two", "Accept-Gate: slices: second")
    found, wrong, _ = since("main", CHECKS)
    assert {name: one.reason for name, one in found.items()} == {
        "slices": "second",
        "drift": "winter",
    }
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Accept-Gate: slice: because", "'slice', which is not a check (did you mean 'slices'"),
        ("Accept-Gate: accuracy: because", "'accuracy', which is not a check"),
        ("Accept-Gate: slices", "slices without a reason"),
        ("Accept-Gate: slices: ", "slices without a reason"),
        ("Accept-Gate: slices: <reason>", "slices without a reason"),
    ],
)
def test_a_line_that_says_too_little_accepts_nothing(
    repository: Repository, line: str, message: str
) -> None:
    repository.commit("Accept it", line)
    found, (wrong,), _ = since("main", CHECKS)
    assert found == {}
    assert message in wrong


def test_other_results_have_not_been_accepted(repository: Repository) -> None:
    results = Path("reports/evaluation.json")
    results.parent.mkdir()
    results.write_text("{}")
    repository.commit("Results", "Accept-Gate: slices: Ulm has 60 rows")
    Path("README.md").write_text("Words")
    repository.commit("Words")
    assert set(since("main", CHECKS)[0]) == {"slices"}
    results.write_text("[]")
    repository.commit("Other results")
    found, wrong, outdated = since("main", CHECKS)
    assert (found, wrong, set(outdated)) == ({}, [], {"slices"})
    assert "for other results: reports/evaluation.json has changed" in outdated["slices"]
    repository.commit("Again", "Accept-Gate: slices: Ulm still has 60 rows")
    found, _, outdated = since("main", CHECKS)
    assert (set(found), outdated) == ({"slices"}, {})


@pytest.mark.parametrize(
    "text", ["Say how: `Accept-Gate: slices: why`", "Accept-Gate: <check>: <reason>", "Accept-Gate"]
)
def test_prose_about_it_is_no_acceptance(repository: Repository, text: str) -> None:
    repository.commit("Write about it", text)
    assert since("main", CHECKS) == ({}, [], {})


def test_control_characters_in_a_message_do_no_harm(repository: Repository) -> None:
    text = "\x1e0000000\x1fMallory\x1fx\n\nAccept-Gate: slices: a\x1fb"
    commit = repository.commit("Odd", text)
    found = since("main", CHECKS).valid
    assert (found["slices"].author, found["slices"].commit) == ("Ada", commit[:7])
