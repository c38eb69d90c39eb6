"""The program that prints how long sentences are."""

import runpy
import subprocess
import sys
from operator import itemgetter
from pathlib import Path

import pytest
from conftest import TEMPLATE

PROGRAM = TEMPLATE / "tools" / "readability.py"
figures, sentences = itemgetter("figures", "sentences")(runpy.run_path(str(PROGRAM)))

PAGE = """# A heading of very many words that is not counted at all, as no sentence is in it

One sentence has [five words](https://example.org/a.b.c) here. `tabrail run STAGE` is
one word.

- First item
- Second item, which
  goes on

```bash
not counted at all
```

| Label | A cell of eight words is a sentence, too |
| --- | --- |
"""
MODULE = '''"""Say it. Then say more."""

# A comment of five words
TEXT = """
Not a docstring.
"""


def double(number: int) -> int:
    """Return the double.

    Args:
        number: any number.
    """
    return 2 * number  # never a surprise
'''


def counted(name: str, content: str) -> list[tuple[int, int]]:
    """Return the line and the number of words of each sentence."""
    return [(line, words) for line, _, words in sentences(name, content)]


def test_a_page_counts_paragraphs_items_and_long_cells() -> None:
    assert counted("page.md", PAGE) == [(3, 6), (3, 4), (6, 2), (7, 5), (14, 9)]


def test_python_counts_docstrings_and_comments() -> None:
    assert counted("module.py", MODULE) == [(1, 2), (1, 3), (10, 3), (13, 3), (3, 5), (15, 3)]


def test_other_files_count_comments() -> None:
    assert counted("params.yaml.jinja", "a: 1  # one of\n# and two\nb: '#2'\n") == [(1, 4)]


def test_figures_have_the_share_of_long_sentences() -> None:
    found = sentences("page.md", f"Short one.\n\nLong {'word ' * 25}.\n")
    assert " ".join(figures(found).split()) == "2 sentences 14.0 words 50.0% over 25"


def test_the_program_prints_each_file_the_total_and_long_sentences(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Short one.\n\nLong {'word ' * 25}.\n", encoding="utf-8")
    command = [sys.executable, str(PROGRAM), "--long", str(page)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"{page}:3: (26) Long word" in printed
    assert printed.splitlines()[-1].endswith("in total")


@pytest.mark.parametrize("content", ["", "```\ncode\n```\n"])
def test_a_file_without_sentences_has_none(content: str) -> None:
    assert figures(sentences("page.md", content)).split()[0] == "0"
