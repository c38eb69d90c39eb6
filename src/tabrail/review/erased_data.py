"""Check whether the data of a commit was erased because people were forgotten."""

from tabrail import paths
from tabrail.project import erased, git
from tabrail.review.check import Check


def checks() -> list[Check]:
    """Return a check if the data of the current commit was erased, else nothing.

    A commit before the erasure is fine: only its models are left. A commit on another branch would
    bring the erased data back when it is merged.
    """
    date = erased.of_data()
    if not date:
        return []
    what = (
        f"the data of this commit was erased on {date} ({paths.ERASED.as_posix()}); of the data "
        "and what was made from it, only models can be fetched"
    )
    if erased.is_history("HEAD"):
        return [Check("erased", "skipped", what)]
    fix = "run: git fetch && uv run tabrail merge"
    if git.text("HEAD", paths.ERASED) is not None:  # it was merged, and the pointer came back
        pointer = paths.RAW_POINTER.as_posix()
        fix = (
            f"run: git checkout {erased.commit()} -- {pointer} && uv run dvc checkout {pointer} && "
            "uv run dvc repro, and commit"
        )
    return [Check("erased", "FAILED", what, fix)]
