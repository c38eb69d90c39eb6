"""What is given a Project works in that project's folder, wherever it is called from."""

import re
from pathlib import Path

import pytest
from conftest import edit
from stages import evaluate, prepare, train

from tabrail import Project, load_model, paths, save_model, search
from tabrail import evaluate as evaluate_model
from tabrail import prepare as prepare_tables
from tabrail.errors import InputError
from tabrail.project import code

LOGISTIC = "sklearn.linear_model.LogisticRegression"
WRITTEN = (Path("data/prepared"), Path("models"), Path("reports"))
TIMED = {paths.EVALUATION.as_posix(), paths.MODEL_CARD.as_posix()}


def use_a_fast_model() -> None:
    """Let the project that one stands in train a model in no time."""
    edit(paths.SCHEMA, lambda s: s["columns"]["note"].update(kind="ignored"))
    edit(paths.PARAMS, lambda p: p["train"].update(estimator=LOGISTIC))
    edit(paths.PARAMS, lambda p: p["evaluate"].update(resamples=100))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a project that stages write, but for what depends on the speed."""
    files = (path for part in WRITTEN for path in (folder / part).rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: content for name, content in found.items() if name not in TIMED}


@pytest.mark.parametrize("where", ["an empty folder", "another project"])
def test_stages_run_from_another_folder_write_what_they_write_in_the_root(
    where: str,
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_a_fast_model()
    for stage in (prepare, train, evaluate):
        stage.main()
    expected = contents(project)
    for name in [*expected, *TIMED]:
        (project / name).unlink()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    decoys = [paths.RAW / "x.csv", paths.TRAIN, paths.MODEL, paths.DATA_REPORT, paths.SCHEMA]
    for decoy in decoys if where == "another project" else []:
        (elsewhere / decoy).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / decoy).write_text("of another project")
    monkeypatch.chdir(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    loaded = Project.load(project)
    prepare_tables(loaded, loaded.clean)
    split = loaded.split("train")
    found = search(loaded, code.import_module(project, "shops.train").model(loaded), split)
    save_model(loaded, found.model.fit(split.rows, split.y_true), found)
    evaluate_model(loaded, load_model(loaded))
    assert contents(project) == expected
    assert all((project / name).exists() for name in TIMED)
    assert sorted(elsewhere.rglob("*")) == before


def test_messages_name_files_from_where_one_stands(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (paths.RAW / "shops.csv").unlink()
    loaded = Project.load()
    with pytest.raises(
        InputError, match=r"^data/raw has no table; fetch it with: uv run dvc pull data"
    ):
        prepare_tables(loaded, loaded.clean)
    with pytest.raises(InputError, match=r"^data/prepared/train\.parquet is missing"):
        loaded.split("train")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    paths.RAW.mkdir(parents=True)
    (paths.RAW / "shops.csv").touch()
    with pytest.raises(InputError, match=rf"^{re.escape(str(project / paths.RAW))} has no table"):
        prepare_tables(loaded, loaded.clean)
