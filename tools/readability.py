"""Print how long the sentences of pages, docstrings and comments are.

    .venv/bin/python tools/readability.py README.md docs/*.md
    .venv/bin/python tools/readability.py --long docs/data.md

In Markdown, headings, code blocks, pictures and tags of HTML are left out. A link counts as its
text, and inline code as one word. A cell of a table counts if it has at least 8 words: shorter ones
are labels. In Python, docstrings and comments count. In other files, comments count.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

LONG = 25
CELL = 8
DOCSTRING = re.compile(r'(^[ \t]*r?)?"""(.*?)"""', re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(?:^|\s)#(?:\s(?P<text>.*))?$")
STARTS_BLOCK = re.compile(r"^\s*(?:[-*+]|\d+\.|>)\s+|^\s*[\w*]+(?: \([\w |]+\))?:\s+(?=\S)")
MARKUP = (
    (re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^<>]+>|{[%#].*?[%#]}"), " "),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"`[^`]*`|{{.*?}}"), "code"),
    (re.compile(r"[*|]"), ""),
)
END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]?[A-Z\d]|code\b|\w+\.md\b)")
WORD = re.compile(r"\w[\w'./:@=%+-]*")


def blocks(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line and the text of each paragraph, item and long cell."""
    start, found, fence = first, list[str](), ""
    for number, line in enumerate([*text.splitlines(), ""], first):
        words = line.strip()
        if fence or words.startswith(("```", "~~~")):
            fence = "" if fence and words.startswith(fence) else fence or words[:3]
            words = ""
        ends = not words or words.startswith(("#", "|", ">>>", "...")) or words.endswith("::")
        if found and (ends or STARTS_BLOCK.match(line)):
            yield start, " ".join(found)
            found = []
        if words.startswith("|"):
            cells = (cell for cell in words.split("|") if len(WORD.findall(plain(cell))) >= CELL)
            yield from ((number, cell) for cell in cells)
        elif not ends:
            start = start if found else number
            found.append(re.sub(r"^([-*+]|\d+\.|>)\s+", "", words))


def plain(text: str) -> str:
    """Return a text without Markdown, HTML and Jinja; inline code becomes one word."""
    for pattern, replacement in MARKUP:
        text = pattern.sub(replacement, text)
    return text


def texts(name: str, content: str) -> Iterator[tuple[int, str]]:
    """Yield the blocks of what a person reads in a file: its page, docstrings or comments."""
    if ".md" in name:
        yield from blocks(re.sub(r"{%.*?%}", "", content))
        return
    if re.search(r"\.py\b", name):
        for string in DOCSTRING.finditer(content):
            if string[1] is not None:  # nothing is before it on its line
                yield from blocks(string[2], content.count("\n", 0, string.start(2)) + 1)
    lines = (COMMENT.search(line) for line in content.splitlines())
    yield from blocks("\n".join((line["text"] or "") if line else "" for line in lines))


def sentences(name: str, content: str) -> list[tuple[int, str, int]]:
    """Return the line, the text and the number of words of each sentence of a file.

    The line is that on which the sentence's paragraph begins.
    """
    return [
        (line, sentence, words)
        for line, block in texts(name, content)
        for sentence in END.split(" ".join(plain(block).split()))
        if (words := len(WORD.findall(sentence))) > 1
    ]


def figures(found: list[tuple[int, str, int]]) -> str:
    """Return the number of sentences, the mean of their words, and the share of long ones."""
    count = len(found) or 1
    mean = sum(words for *_, words in found) / count
    share = sum(words > LONG for *_, words in found) / count
    return f"{len(found):6,} sentences {mean:6.1f} words {share:7.1%} over {LONG}"


def main() -> None:
    """Print the figures of each file and of all, and the long sentences if they are wanted."""
    parser = argparse.ArgumentParser(description="Print how long the sentences of files are.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--long", action="store_true", help="print the long sentences, too")
    options = parser.parse_args()
    every = []
    for path in options.files:
        found = sentences(path.name, path.read_text(encoding="utf-8"))
        every += found
        print(figures(found), path)
        if options.long:
            for line, sentence, words in found:
                if words > LONG:
                    print(f"  {path}:{line}: ({words}) {sentence}")
    print(figures(every), "in total")


if __name__ == "__main__":
    main()
