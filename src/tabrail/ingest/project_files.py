"""Render params.yaml, dvc.yaml and other files that depend on the table, for a new one."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from tabrail import paths, record
from tabrail.data.schema import Schema
from tabrail.ingest.draft import Draft
from tabrail.record import RECORD
from tabrail.rendering import TASK_DEFAULTS


def texts(
    draft: Draft,
    schema: Schema,
    datasheet: str,
    show: Callable[[str], None],
    earlier: Collection[str],
) -> dict[Path, str]:
    """Return the new content of files that depend on the table.

    A file that was edited since its generation is left out, and a message says what to change.

    Args:
        draft: the draft from the data.
        schema: the new schema.
        datasheet: the new datasheet.
        show: prints a text for the user.
        earlier: the columns of the earlier schema.

    Raises:
        InputError: .tabrail.json is missing or is damaged.
    """
    before = record.load()
    after = before.model_copy(update={"data": {**before.data, **facts(draft, schema)}})
    old, new = before.rendered(), after.rendered()
    # The sample's datasheet is a file of the library. The datasheet of another table is not.
    old.setdefault(paths.DATASHEET, "")
    new[paths.DATASHEET] = datasheet
    found = {}
    for path, text in new.items():
        if text == old.get(path, ""):
            continue
        # Removed files are not restored, except the datasheet, which a new table needs.
        is_new = path == paths.DATASHEET or path.as_posix() not in before.files
        if before.is_as_generated(path) or (is_new and not path.exists()):
            found[path] = text
        elif path.exists():
            show(_by_hand(path, old.get(path, ""), text))
    gone = {*earlier} - {*schema.columns}
    for sentence in lines_with_gone_columns(gone, {path for path in found if path in old}):
        show(sentence)
    return {**found, RECORD: after.with_files(found).text()}


def lines_with_gone_columns(gone: Collection[str], renewed: Collection[Path]) -> list[str]:
    """Find lines of the project's code with columns that the new table lacks.

    Args:
        gone: the columns that the new table lacks.
        renewed: files that are rendered again.

    Returns:
        A sentence for each such line, with its file and number.
    """
    found = []
    for path in sorted(Path("src").rglob("*.py")):
        if path in renewed:
            continue
        for number, line in enumerate(record.content(path).splitlines(), start=1):
            named = sorted(name for name in gone if f'"{name}"' in line or f"'{name}'" in line)
            if named:
                where = f"{path.as_posix()}, line {number}"
                found.append(f"{where} speaks of {', '.join(named)}, which this table lacks.")
    return found


def facts(draft: Draft, schema: Schema) -> dict[str, Any]:
    """Return the facts of a table for the project's files."""
    found = {**TASK_DEFAULTS, "sample": False, "target": schema.target, "task": schema.task}
    found["rows"] = draft.rows
    found["inferred"] = draft.inferred
    if schema.task == "binary":
        found["positive_share"] = round(draft.positive_share, 4)
        found["threshold"] = round(min(max(draft.positive_share, 0.01), 0.99), 2)
    unlabeled = draft.unlabeled / draft.rows
    if unlabeled > TASK_DEFAULTS["unlabeled"]:
        found["unlabeled"] = round(min(unlabeled * 1.1 + 0.01, 1), 2)
    return found


def _by_hand(path: Path, old: str, new: str) -> str:
    if path == paths.DATASHEET:
        return (
            f"{path} was edited and is left unchanged; it may describe the earlier data: review it."
        )
    shown = record.difference(old, new, path)
    return f"{path} was edited and is left unchanged; edit it by hand for this table:\n{shown}"
