"""Run a stage of the project: the command `tabrail run STAGE` of dvc.yaml."""

import os
import sys
import traceback
from pathlib import Path

from tabrail import garbage, paths
from tabrail.errors import InputError, nearest
from tabrail.ingest import transaction
from tabrail.project import code, cost, environment, pipeline
from tabrail.project.project import Project
from tabrail.project.settings import find_root, load_settings
from tabrail.review import line_ends


def run(stage: str) -> None:
    """Run the function `main` of a stage's module, in the project's root.

    The code is that of the current folder, whatever environment is active.

    Args:
        stage: the module's name in the project's package; its `main` gets the `Project`.

    Raises:
        InputError: the environment differs from uv.lock, the code would come from elsewhere, the
            stage fails, or it imports modules that dvc.yaml does not list.
    """
    root = find_root()
    os.chdir(root)
    transaction.require_none()
    settings = load_settings(root)
    if warning := environment.require_locked(root):
        print(f"warning: {warning}", file=sys.stderr)
    environment.require_results(settings.results, stage)
    line_ends.require_bytes_of_git(stage)
    code.forget(settings.package)
    with garbage.postponed():
        module = code.import_module(root, f"{settings.package}.{stage}")
    main = getattr(module, "main", None)
    if not callable(main):
        raise InputError(
            f"{_shown(root, module.__file__)} has no function main; expected: "
            f"def main(project: Project) -> None{nearest('main', vars(module))}"
        )
    project = Project.load(root)
    try:
        with cost.measured(stage):
            main(project)
    except (InputError, OSError, MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise InputError(_failure(root, stage, error)) from error
    require_listed(root, settings.package, stage)


def require_listed(root: Path, package: str, stage: str) -> None:
    """Check that dvc.yaml lists every module of the project that a stage has imported.

    Otherwise, a change of such a module would not rerun the stage.

    Args:
        root: the project's root.
        package: the project's package.
        stage: the stage's name.

    Raises:
        InputError: dvc.yaml has no such stage, or a module is missing among its `deps`.
    """
    stages = pipeline.stages(root=root)
    if stage not in stages:
        raise InputError(
            f"{paths.PIPELINE} has no stage {stage!r}{nearest(stage, stages)}; a stage has the "
            "name of its module"
        )
    missing = pipeline.unlisted(stage, code.loaded_files(root, package), root)
    if missing:
        lines = "\n".join(f"      - {path}" for path in missing)
        raise InputError(
            f"the stage {stage} imports modules that {paths.PIPELINE} does not list, so DVC would "
            f"not rerun it when they change; add under stages.{stage}.deps:\n{lines}"
        )


def _failure(root: Path, stage: str, error: Exception) -> str:
    """Say where a stage failed: the last line of the project's own code."""
    source = (root / code.SOURCE).resolve()
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(source)]
    where = f" in {_shown(root, own[-1].filename)}, line {own[-1].lineno}" if own else ""
    hint = ""
    if stage == "train" and frames and "sklearn" in frames[-1].filename:
        hint = f"; if an option of the estimator is wrong, correct {paths.PARAMS}, train.options"
    return f"the stage {stage} failed{where}: {type(error).__name__}: {error}{hint}"


def _shown(root: Path, file: str | None) -> str:
    return Path(str(file)).resolve().relative_to(root.resolve()).as_posix()
