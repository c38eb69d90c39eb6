"""The page for people holds the schema's form, and what each value does to a prediction."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from conftest import edit
from playwright.sync_api import sync_playwright
from support.browser import CHROMIUM
from trained import stand_in

from tabrail.data.schema import Column, Task
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


NAMES = [
    *("__proto__", "constructor", "toString", "querySelector", "querySelectorAll", "elements"),
    *("addEventListener", "submit", "dispatchEvent", "id", "length", "key"),
]
CATCH_REQUESTS = """
window.asked = [];
window.fetch = async (path, options) => {
  window.asked.push([path, options.body]);
  const detail = [{loc: ["__proto__"], message: "no"}];
  return {ok: false, status: 422, json: async () => ({detail})};
};
"""


@pytest.mark.ci("it needs Chromium")
@pytest.mark.parametrize("name", NAMES)
def test_a_column_may_be_called_like_what_the_page_uses(name: str, project: Path) -> None:
    loaded = load_release(stand_in("binary", project))
    column = Column(kind="numeric")
    schema = loaded.schema.model_copy(update={"columns": {**loaded.schema.columns, name: column}})
    text = page.render(replace(loaded, schema=schema), needs_key=False)
    assert name in Reader(text).controls()
    complaints: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.add_init_script(CATCH_REQUESTS)
        opened.route("**/*", lambda route: route.fulfill(body=text, content_type="text/html"))
        opened.goto("http://127.0.0.1/")
        opened.locator(f'[data-kind][name="{name}"]').fill("7")
        opened.get_by_role("button", name="Predict").click()
        opened.wait_for_function("asked.length > 0 && document.querySelector('#result .error')")
        ((path, body),) = opened.evaluate("asked")
        browser.close()
    assert path == "predict"
    assert json.loads(body)["rows"][0][name] == 7
    assert complaints == []


@pytest.mark.parametrize("task", get_args(Task))
def test_an_explanation_is_what_each_value_does_alone(task: Task, project: Path) -> None:
    loaded = load_release(stand_in(task, project))
    typical = reference.typical(loaded.schema, loaded.distributions)
    row = reference.table([typical | {"age": 88.0}], loaded.schema)
    answer = explain.explain(loaded, row)
    found = answer["columns"]
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
    classes = {"binary": loaded.schema.classes[1:], "regression": [None]}
    predicted = [loaded.schema.classes[both[0].argmax()]] if both.ndim > 1 else []
    assert [answer.get("class")] == classes.get(task, predicted)
    assert {one["column"] for one in found} == set(loaded.schema.features)


def test_a_value_without_a_typical_one_is_compared_with_a_missing_one(project: Path) -> None:
    loaded = load_release(stand_in("binary", project))
    row = reference.table([reference.typical(loaded.schema, loaded.distributions)], loaded.schema)
    assert row["city"].iloc[0] is not None
    hidden = loaded.distributions["columns"]["city"]
    hidden.pop("shares")
    [city] = [one for one in explain.explain(loaded, row)["columns"] if one["column"] == "city"]
    assert city["typical"] is None
    assert city["change"] != 0
