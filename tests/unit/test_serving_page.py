"""The page for people holds the schema's form, and what each value does to a prediction."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from conftest import edit
from trained import stand_in

from tabrail.data.schema import Task
from tabrail.model import reference
from tabrail.model.release import load_release
from tabrail.serving import explain, page

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Reader(HTMLParser):
    """Reads a page, and fails where an element is not closed or an identifier is there twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []
        names = [given["id"] for _, given in self.elements if "id" in given]
        assert len(names) == len(set(names))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the last one."""
        assert self.open.pop() == tag

    def controls(self) -> dict[str, dict[str, str | None]]:
        """Return the controls of the form by the columns' names."""
        return {given["name"] or "": given for _, given in self.elements if "data-kind" in given}


@pytest.mark.parametrize("task", get_args(Task))
def test_the_form_has_a_labeled_control_for_each_column(task: Task, project: Path) -> None:
    loaded = load_release(stand_in(task, project))
    read = Reader(page.render(loaded, needs_key=False))
    controls = read.controls()
    assert set(controls) == {*loaded.schema.used} - {loaded.schema.target}
    labels = {given.get("for") for tag, given in read.elements if tag == "label"}
    assert {control["id"] for control in controls.values()} <= labels
    assert (controls["age"]["min"], controls["age"]["max"]) == ("0", "120")
    assert "required" in controls["age"]
    assert ("income" in controls) == ("required" not in controls.get("income", {"required": None}))
    assert "<h2>Results</h2>" in page.render(loaded, needs_key=False)


def test_with_a_key_the_card_is_for_those_who_have_it(project: Path) -> None:
    loaded = load_release(stand_in("binary", project))
    closed = page.render(loaded, needs_key=True)
    assert "<h2>Results</h2>" not in closed
    assert 'class="field" hidden' not in closed
    assert 'class="field" hidden' in page.render(loaded, needs_key=False)


def test_hostile_names_stay_text(project: Path) -> None:
    stand_in("binary", project)
    bad = '</script><script>alert("x")</script>'
    edit(Path("params.yaml"), lambda content: content["card"].update(title=bad))
    edit(Path("schema.yaml"), lambda content: content["columns"]["age"].update(description=bad))
    text = page.render(load_release(), needs_key=False)
    assert "alert(" in text
    assert bad not in text
    Reader(text)


def test_the_policy_allows_the_page_its_own_script_alone(project: Path) -> None:
    text = page.render(load_release(stand_in("binary", project)), needs_key=False)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page.policy()
    assert "default-src 'none'" in page.policy()


@pytest.mark.parametrize("task", get_args(Task))
def test_an_explanation_is_what_each_value_does_alone(task: Task, project: Path) -> None:
    loaded = load_release(stand_in(task, project))
    typical = reference.typical(loaded.schema, loaded.distributions)
    row = reference.table([typical | {"age": 88.0}], loaded.schema)
    found = explain.explain(loaded, row)
    assert [one["column"] for one in found if one["change"]] == ["age"]
    assert found[0] | {"change": 0} == {
        "column": "age",
        "value": 88.0,
        "typical": typical["age"],
        "change": 0,
    }
    both = loaded.predict(reference.table([typical | {"age": 88.0}, typical], loaded.schema))
    numbers = both[:, both[0].argmax()] if both.ndim > 1 else both
    assert found[0]["change"] == pytest.approx(numbers[0] - numbers[1])
    assert {one["column"] for one in found} == set(loaded.schema.features)
