"""Read what tests need of a Markdown page: its fenced blocks, links and anchors."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

NOT_RUN = "not-run"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        language: the first word after the fence, such as bash; blank if there is none.
        marks: the other words there, such as not-run.
        text: what the block holds, without the indentation of a list around it.
        before: the last sentence of the paragraph right before it, as it is written; blank if
            something else, such as a heading or another block, comes right before.
        line: where it begins on the page, counted from 1.
    """

    language: str
    marks: tuple[str, ...]
    text: str
    before: str
    line: int

    @property
    def runs(self) -> bool:
        """Whether a machine can run it."""
        return NOT_RUN not in self.marks

    @property
    def commands(self) -> list[str]:
        """The commands of a block for a shell: one a line, comments left out."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line and not line.startswith("#")]


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text, in order."""
    found, paragraph = [], ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        match token.type:
            case "inline":
                paragraph = token.content
            case "paragraph_close":
                pass
            case "fence":
                language, *marks = token.info.split() or [""]
                line = (token.map or [0])[0] + 1
                before = _last_sentence(paragraph)
                found.append(Block(language, tuple(marks), token.content, before, line))
                paragraph = ""
            case _:
                paragraph = ""
    return found


def links(text: str) -> list[str]:
    """Return the addresses of all links of a Markdown text, in order."""
    return [str(token.attrs["href"]) for token in _inline(text) if token.type == "link_open"]


def code(text: str) -> list[str]:
    """Return what stands between backticks in a Markdown text, and each line of its blocks."""
    spans = [token.content for token in _inline(text) if token.type == "code_inline"]
    return spans + [line for block in blocks(text) for line in block.text.splitlines()]


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a Markdown text, as GitHub makes them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return {_slug(text) for token, text in pairwise(tokens) if token.type == "heading_open"}


def tables(text: str) -> list[tuple[str, list[list[str]]]]:
    """Return each table's heading above it and its rows, the head first; cells are as written."""
    found: list[tuple[str, list[list[str]]]] = []
    heading = previous = ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            if previous == "heading_open":
                heading = token.content
            elif previous in {"th_open", "td_open"}:
                found[-1][1][-1].append(token.content)
        elif token.type == "table_open":
            found.append((heading, []))
        elif token.type == "tr_open":
            found[-1][1].append([])
        previous = token.type
    return found


def _inline(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield from token.children or []


def _last_sentence(paragraph: str) -> str:
    line = " ".join(paragraph.split())
    ends = [found.end() for found in re.finditer(r"[.!?]\s", line)]
    # A stop between backticks ends nothing.
    return line[max((end for end in ends if line[:end].count("`") % 2 == 0), default=0) :]


def _slug(heading: Token) -> str:
    shown = "".join(child.content for child in heading.children or [])
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
