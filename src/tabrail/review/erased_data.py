"""Whether the data of a commit was erased, because persons were to be forgotten."""

from tabrail import paths
from tabrail.project import erased, git
from tabrail.review.check import Check


def checks() -> list[Check]:
    """Say that the data of the present commit was erased; nothing if it was not.

    An earlier commit than the one that erased it is as it should be: only models are left of it. A
    commit beside it would bring the erased data back when it is merged.
    """
    date = erased.of_data()
    if not date:
        return []
    what = (
        f"the data of this commit was erased on {date} ({paths.ERASED.as_posix()}); neither it nor "
        "what was made of it can be fetched, but for models"
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
