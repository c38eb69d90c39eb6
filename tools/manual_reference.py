"""The pages of the manual that are made from the code: commands, parameters, schema, names.

The meanings of parameters and keys are written only in tables of docs/reference.md and
docs/data.md, which tests compare with the code. The pages here add facts from the code: kinds,
limits, defaults.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc, isclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from tabrail.cli.app import app
from tabrail.config import Params
from tabrail.data.schema import Column, Csv, Schema

MODULES = ["tabrail", "tabrail.features", "tabrail.testing", "tabrail.batch", "tabrail.serving"]
CALLED = "uv run tabrail"
KINDS = {
    "array": "list",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "null": "blank",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def generated(docs: Path) -> dict[str, str]:
    """Return the texts of the generated pages, by their names.

    Args:
        docs: the folder with the pages that explain parameters and keys.
    """
    return {
        "commands.md": commands(),
        "parameters.md": parameters(rows_below(docs / "reference.md", "params.yaml")),
        "schema.md": schema(rows_below(docs / "data.md", "What is allowed: schema.yaml")),
        "python.md": python(),
    }


def public_names() -> Iterator[tuple[str, str, Any]]:
    """Return the public names: the module of each, its name, and what it is."""
    for module in MODULES:
        imported = import_module(module)
        for name in imported.__all__:
            yield module, name, getattr(imported, name)


def commands() -> str:
    """Return the page of the commands: the output of `--help` for each."""
    group: Any = typer.main.get_command(app)
    text = [
        "# All commands",
        f"Each command is called as `{CALLED} COMMAND`. `{CALLED} COMMAND --help` prints the same.",
    ]
    for verb, command in group.commands.items():
        context = typer.Context(command, info_name=verb)
        usage = " ".join([CALLED, verb, *command.collect_usage_pieces(context)])
        records = [param.get_help_record(context) for param in command.get_params(context)]
        text += [f"## {verb}", f"```text\n{usage}\n```", *map(marked, paragraphs(command.help))]
        text.append(
            table("Argument or option", "Meaning", [(f"`{a}`", marked(b)) for a, b in records])
        )
    return joined(text)


def parameters(known: dict[str, list[str]]) -> str:
    """Return the page of params.yaml: each parameter's allowed values, default and meaning."""
    text = [
        "# All parameters",
        "`params.yaml` may have these sections and keys. A key that is left out has the default.",
    ]
    for section, of in Params.model_fields.items():
        model: Any = of.annotation
        rows = []
        for name, leaf in leaves(model, f"{section}."):
            written, meaning = known[name]
            key = name.removeprefix(f"{section}.")
            rows.append([f"`{key}`", allowed(leaf), default(leaf) or written, meaning])
        text += [f"## {section}", cleandoc(model.__doc__)]
        text.append(table(f"Key in `{section}`", "Allowed", "Default", "Meaning", rows))
    return joined(text)


def schema(known: dict[str, list[str]]) -> str:
    """Return the page of schema.yaml: each key's allowed values, default and meaning."""
    text = ["# All keys of schema.yaml"]
    parts: dict[str, type[BaseModel]] = {
        "Keys": Schema,
        "Keys of a column": Column,
        "Keys of csv": Csv,
    }
    for heading, model in parts.items():
        rows = [
            [f"`{name}`", allowed(field), needed(field) or default(field), *known[name]]
            for name, field in model.model_fields.items()
        ]
        text += [f"## {heading}", cleandoc(str(model.__doc__))]
        text.append(table("Key", "Allowed", "Default", "Meaning", rows))
    return joined(text)


def python() -> str:
    """Return the page of the public Python names, with directives for their docstrings."""
    text = ["# All Python names"]
    module = ""
    for home, name, thing in public_names():
        if home != module:
            module = home
            text.append(f"## {module}")
        kind = "autofunction"
        options = ""
        if isclass(thing):
            kind = "autoexception" if issubclass(thing, Exception) else "autoclass"
            options = "" if kind == "autoexception" else "\n   :members:"
        text.append(f"```{{eval-rst}}\n.. {kind}:: {module}.{name}{options}\n```")
    return joined(text)


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Return the parameters by their names in params.yaml; a check of the gate is one."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        kind: Any = field.annotation
        is_section = isclass(kind) and issubclass(kind, BaseModel)
        if is_section and not prefix.startswith("gate."):
            yield from leaves(kind, f"{path}.")
        else:
            yield path, field


def allowed(field: FieldInfo) -> str:
    """Return in words which values a field may have."""
    kind: Any = field.annotation
    for limit in field.metadata:
        kind = Annotated[kind, limit]
    content = TypeAdapter(kind).json_schema()
    return in_words(content, content.get("$defs", {}))


def in_words(content: dict[str, Any], known: dict[str, Any]) -> str:
    """Return in words what a JSON schema allows."""
    if "$ref" in content:
        content = known[content["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in content:
        return ", or ".join(in_words(choice, known) for choice in content["anyOf"])
    if "enum" in content:
        return ", ".join(f"`{yaml(choice)}`" for choice in content["enum"])
    if content.get("properties"):
        parts = [f"`{name}`: {in_words(of, known)}" for name, of in content["properties"].items()]
        return "; ".join(parts)
    kind = KINDS[content["type"]] if "type" in content else "any value"
    if kind == "list":
        return f"list of: {in_words(content['items'], known)}"
    limits = [f"{words} {content[key]}" for key, words in LIMITS.items() if key in content]
    return ", ".join([kind, *limits])


def default(field: FieldInfo) -> str:
    """Return a field's default as YAML; blank if it has none."""
    value = None if field.is_required() else field.default
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True)
    return "" if value is None or value in ("", [], {}) else f"`{yaml(value)}`"


def needed(field: FieldInfo) -> str:
    """Return "required" for a required field, "blank" for one without a default, else nothing."""
    return "required" if field.is_required() else "" if default(field) else "blank"


def yaml(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {yaml(of)}" for key, of in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"(?!(?i:null|nan)$)[a-zA-Z][\w-]*", value):
        return value
    return json.dumps(value)


def rows_below(page: Path, heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables below a heading, by each name in their first cells."""
    _, _, below = page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    below = below.partition("\n## ")[0].replace("](#", f"]({page.name}#")
    found: dict[str, list[str]] = {}
    for line in re.findall(r"^\| (`.*) \|$", below, re.MULTILINE):
        names, *cells = line.split(" | ")
        found |= dict.fromkeys(re.findall(r"`([\w.]+)`", names), cells)
    return found


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text, each on one line."""
    return [" ".join(part.split()) for part in text.split("\n\n")]


def marked(text: str) -> str:
    """Return a help text as Markdown: options are code, and special characters are escaped."""
    escaped = re.sub(r"([<>*_\[\]\\])", r"\\\1", text)
    return re.sub(r"(?<![\w-])(--[a-z][a-z-]*)", r"`\1`", escaped)


def table(*parts: Any) -> str:
    """Return a Markdown table: the heads of its columns, then its rows."""
    *heads, rows = parts
    lines = [heads, ["---"] * len(heads), *rows]
    cells = [[re.sub(r"(?<!\\)\|", r"\|", cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def joined(parts: list[str]) -> str:
    """Return the text of a page."""
    return "\n\n".join(parts) + "\n"
