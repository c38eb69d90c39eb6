"""A release of other code runs in a process of its own, and predicts as its own folder does."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from stages import evaluate, prepare, train
from trained import stand_in

from tabrail import paths
from tabrail.data.conform import conform
from tabrail.errors import InputError
from tabrail.model import file
from tabrail.model import worker as module
from tabrail.model.release import Release, load_release
from tabrail.model.scoring import for_scoring
from tabrail.model.worker import Worker
from tabrail.project import code

CLEAN = "rows.assign(age=(pd.to_numeric(rows['age']) // 2).astype('str'))"
DERIVE = "rows.assign(income=rows['income'] * (rows['age'] % 7))"
HANGS = """
import signal
import subprocess
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)


def clean(rows):
    subprocess.Popen(["sleep", "600"])  # it holds the pipe of this process open
    time.sleep(600)
"""
ALONE = """
import sys
import numpy as np, pandas as pd
from pathlib import Path
from tabrail.data.conform import conform
from tabrail.model import file
from tabrail.model.predict import predict
from tabrail.model.scoring import for_scoring
from tabrail.project.project import Project

project = Project.load(Path(sys.argv[1]))
pipeline, metadata = file.load(project.root / "models/model.skops", project.root)
rows = project.clean(pd.read_csv(sys.argv[2], dtype="str", keep_default_na=False))
rows.to_pickle(sys.argv[4])
typed, _ = conform(rows, for_scoring(project.schema))
np.save(sys.argv[3], predict(pipeline, metadata, typed, project.schema))
"""


def replace(path: Path, new: str) -> None:
    """Let the only function of a module that returns its rows return something else."""
    text = path.read_text(encoding="utf-8")
    assert text.count("    return rows\n") == 1
    path.write_text(text.replace("    return rows\n", f"    return {new}\n"), encoding="utf-8")


@pytest.fixture
def other(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished folder whose clean and derive differ from those one stands beside."""
    edit(
        paths.PARAMS,
        lambda p: p["train"].update(estimator="sklearn.linear_model.LogisticRegression"),
    )
    edit(paths.SCHEMA, lambda s: s["columns"]["note"].update(kind="ignored"))
    before = {path: path.read_bytes() for path in Path("src/shops").glob("*.py")}
    replace(Path("src/shops/prepare.py"), CLEAN)
    replace(Path("src/shops/features.py"), DERIVE)
    for stage in (prepare, train, evaluate):
        stage.main()
    folder = tmp_path_factory.mktemp("other") / "clone"
    shutil.copytree(project, folder)
    for path, content in before.items():
        path.write_bytes(content)
    for stage in (prepare, train, evaluate):
        stage.main()
    shops(80, seed=5).drop(columns="bought").to_csv("new.csv", index=False)
    return folder


def given() -> pd.DataFrame:
    """Return rows as they came."""
    return pd.read_csv("new.csv", dtype="str", keep_default_na=False)


def predicted(release: Release) -> np.ndarray:
    """Return what a release says of the rows."""
    typed, violations = conform(release.clean(given()), for_scoring(release.schema))
    assert not violations
    return release.predict(typed)


def own(folder: Path, tmp_path: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Return what a folder's own code says of the rows, and its cleaned rows."""
    numbers, rows = tmp_path / "numbers.npy", tmp_path / "rows.pickle"
    arguments = [str(folder), "new.csv", str(numbers), str(rows)]
    subprocess.run([sys.executable, "-c", ALONE, *arguments], check=True)
    return np.load(numbers), pd.read_pickle(rows)  # noqa: S301


def test_a_release_of_other_code_predicts_as_its_own_folder_does(
    other: Path, tmp_path: Path
) -> None:
    theirs, ours = load_release(other), load_release()
    assert theirs.separate
    assert not ours.separate
    numbers, rows = own(other, tmp_path)
    assert predicted(theirs).tobytes() == numbers.tobytes()
    pd.testing.assert_frame_equal(theirs.clean(given()), rows)
    mine, _ = own(Path(), tmp_path)
    assert predicted(ours).tobytes() == mine.tobytes()
    assert not np.allclose(numbers, mine, atol=0.01)
    # Neither disturbs the other.
    assert predicted(theirs).tobytes() == numbers.tobytes()
    assert predicted(ours).tobytes() == mine.tobytes()
    assert code.loaded_files(other, "shops") == set()
    typed, _ = conform(rows, for_scoring(theirs.schema))
    expected = typed["income"] * (typed["age"] % 7)
    assert theirs.derive(typed[theirs.schema.inputs])["income"].equals(expected)
    assert ours.derive(typed[ours.schema.inputs])["income"].equals(typed["income"])


def test_a_folder_of_the_same_code_needs_no_process(other: Path) -> None:
    for path in Path("src/shops").glob("*.py"):
        shutil.copy(other / path, path)
    code.forget("shops")
    assert not load_release(other).separate


def test_a_model_is_not_loaded_beside_other_code(other: Path) -> None:
    with pytest.raises(InputError, match=r"was trained with other code: src/shops/(f|p)"):
        file.load(other / paths.MODEL, Path())


def test_what_the_process_refuses_is_one_message(other: Path) -> None:
    worker = Worker(other)
    with pytest.raises(InputError, match=r"clone.*shops\.prepare\.clean failed: KeyError: 'age'"):
        worker.clean(given().drop(columns="age"))
    assert len(worker.clean(given())) == 80  # it goes on
    Path(other / "src/shops/prepare.py").unlink()
    with pytest.raises(InputError, match="was trained with other code"):
        Worker(other)


def test_a_process_that_dies_is_one_message(other: Path) -> None:
    worker = Worker(other)
    worker._process.kill()
    worker._process.wait()
    with pytest.raises(InputError, match="has ended with exit code -9"):
        worker.clean(given())


def test_a_process_that_hangs_is_killed_with_those_that_it_has_started(
    other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = other / "src/shops/evaluate.py"  # no part of the model, so that it may change
    text = (other / paths.PROJECT).read_text(encoding="utf-8")
    (other / paths.PROJECT).write_text(
        text.replace("shops.prepare:clean", "shops.evaluate:clean"), encoding="utf-8"
    )
    helper.write_text(HANGS, encoding="utf-8")
    worker = Worker(other)
    with (
        pytest.raises(InputError, match=r"gave no answer in 0\.1 seconds and was stopped"),
        worker.time_limit(0.1),
    ):
        worker.clean(given())
    assert worker._process.wait() == -9
    with pytest.raises(InputError, match="was stopped"):
        worker.clean(given())
    monkeypatch.setattr("tabrail.model.worker.END_S", 0.1)
    deaf = Worker(other)
    deaf.stop()
    assert deaf._process.returncode == -9


def test_a_process_that_answers_in_time_goes_on(other: Path) -> None:
    worker = Worker(other)
    for _ in range(2):
        with worker.time_limit(60):
            assert len(worker.clean(given())) == 80


def test_what_the_owner_prints_does_not_disturb_the_answers(other: Path) -> None:
    helper = other / "src/shops/evaluate.py"  # no part of the model, so that it may change
    helper.write_text("print('hello')\nMETRICS = None\n", encoding="utf-8")
    text = (other / paths.PROJECT).read_text(encoding="utf-8")
    (other / paths.PROJECT).write_text(
        text.replace("shops.prepare:clean", "shops.evaluate:clean"), encoding="utf-8"
    )
    helper.write_text("def clean(rows):\n    print('hello')\n    return rows\n", encoding="utf-8")
    assert len(Worker(other).clean(given())) == 80


def test_the_process_ends_with_what_needs_it(other: Path) -> None:
    worker = Worker(other)
    process = worker._process
    del worker
    assert process.wait(timeout=150) is not None


def asked(patch: pytest.MonkeyPatch, *messages: tuple[str, pd.DataFrame]) -> list[Any]:
    """Run the other side of the pipe in this process; return its answers."""
    questions, answers = io.BytesIO(), io.BytesIO()
    for message in messages:
        module._send(questions, message)
    questions.write((1000).to_bytes(module.LENGTH, "big") + b"cut off")
    questions.seek(0)
    given, answered = io.TextIOWrapper(questions), io.TextIOWrapper(answers)
    with patch.context() as there:
        there.setattr(sys, "stdin", given)
        there.setattr(sys, "stdout", answered)
        module.main(Path())
    answers.seek(0)
    found = []
    while answers.tell() < len(answers.getbuffer()):
        found.append(module._receive(answers))
    return found


def test_the_process_answers_each_question_and_ends_with_the_pipe(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("binary", project)
    raw = shops(5, seed=3).drop(columns="bought").astype("str")
    release = load_release()
    typed, _ = conform(raw, for_scoring(release.schema))
    ready, scored, clean, derived, failed, refused, again = asked(
        monkeypatch,
        ("score", typed),
        ("clean", raw),
        ("derive", typed[release.schema.inputs]),
        ("squeeze", typed),
        ("score", typed.drop(columns="age")),
        ("score", typed),
    )
    assert ready == (True, None)
    np.testing.assert_array_equal(scored[1].numbers, release.predict(typed))
    pd.testing.assert_frame_equal(clean[1], raw)
    pd.testing.assert_frame_equal(derived[1], typed[release.schema.inputs])
    assert failed == (False, "squeeze failed: KeyError: 'squeeze'")
    assert (refused[0], "age" in refused[1]) == (False, True)
    assert again[1].numbers.tobytes() == scored[1].numbers.tobytes()


def test_a_project_whose_code_refuses_is_one_answer_and_the_end(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("binary", project)
    helper = Path("src/shops/evaluate.py")  # no part of the model, so that it may change
    helper.write_text("def clean(rows):\n    return rows.columns\n", encoding="utf-8")
    text = paths.PROJECT.read_text(encoding="utf-8")
    changed = text.replace("shops.prepare:clean", "shops.evaluate:clean")
    paths.PROJECT.write_text(changed, encoding="utf-8")
    ready, refused = asked(monkeypatch, ("clean", shops(5).astype("str")))
    assert ready == (True, None)
    said = "shops.evaluate.clean returned a Index; expected a DataFrame"
    assert refused == (False, said)
    paths.MODEL.unlink()
    (only,) = asked(monkeypatch, ("clean", shops(5).astype("str")))
    assert (only[0], "models/model.skops is missing" in only[1]) == (False, True)


def test_where_processes_form_no_groups_one_is_killed_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = subprocess.Popen(["sleep", "60"])  # in the group of this process
    with monkeypatch.context() as there:
        there.setattr(os, "name", "nt")
        module._kill(process)
    assert process.returncode == -9
