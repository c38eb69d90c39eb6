"""What pyproject.toml says of the project, and where the project begins."""

from pathlib import Path

import pytest

from tabrail.errors import InputError
from tabrail.project.settings import Settings, find_root, load_settings, read_table


def write(folder: Path, text: str) -> Path:
    """Write a pyproject.toml; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    found = load_settings(write(tmp_path, '[tool.tabrail]\npackage = "shops"\n'))
    assert found == Settings(package="shops")
    assert (found.clean, found.metrics, found.trusted, found.results) == ("", "", [], {})


def test_everything_can_be_set(tmp_path: Path) -> None:
    text = """
        [project]
        name = "shops"
        [tool.tabrail]
        package = "shops"
        clean = "shops.prepare:clean"
        metrics = "shops.evaluate:METRICS"
        trusted = ["lightgbm.sklearn.LGBMClassifier"]
        [tool.tabrail.results]
        prepare = 2
        """
    assert load_settings(write(tmp_path, text)) == Settings(
        package="shops",
        clean="shops.prepare:clean",
        metrics="shops.evaluate:METRICS",
        trusted=["lightgbm.sklearn.LGBMClassifier"],
        results={"prepare": 2},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r'has no table \[tool\.tabrail\]; expected one with package = "NAME"'),
        ("[tool.other]\n", "has no table"),
        ("[tool.tabrail]\n", "package: is missing"),
        ("[tool.tabrail]\npackage = 1\n", "package: .*string"),
        (
            '[tool.tabrail]\npackage = "a"\nclaen = "b"\n',
            "claen: unknown key .did you mean 'clean'",
        ),
        (
            '[tool.tabrail]\npackage = "a"\n[tool.tabrail.results]\ntrain = "1"\n',
            "train: .*integer",
        ),
        ('[tool.tabrail]\npackage = "a"\ntrusted = "b"\n', "trusted: .*list"),
        ("[tool.tabrail", "is not valid TOML"),
    ],
)
def test_a_wrong_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"(?s)pyproject.toml.*{message}"):
        load_settings(write(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not valid TOML"):
        load_settings(tmp_path)


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is missing in .*git checkout -- pyproject\.toml"):
        load_settings(tmp_path)
    with pytest.raises(InputError, match="is missing"):
        read_table(tmp_path / "pyproject.toml")


def test_the_root_is_the_nearest_folder_with_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = write(tmp_path / "outer", '[tool.tabrail]\npackage = "outer"\n').resolve()
    inner = write(outer / "inner", '[tool.tabrail]\npackage = "inner"\n')
    between = write(outer / "between", "[project]\n")  # another package, not a project of ours
    below = inner / "src/inner"
    below.mkdir(parents=True)
    for start, root in ((outer, outer), (inner, inner), (below, inner), (between, outer)):
        assert find_root(start) == root
        monkeypatch.chdir(start)
        assert find_root() == root


def test_no_project_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match=(
            r"is not in a project: .*; change "
            r"to the project's folder"
        ),
    ):
        find_root(write(tmp_path, "[project]\n"))
