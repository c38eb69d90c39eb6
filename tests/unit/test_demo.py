"""What the demo says at its end is what the report of the change says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TEMPLATE

sys.path.append(str(TEMPLATE / "tools"))  # as where the program is run
try:
    import demo
    from generated_project import OtherwiseError
finally:
    sys.path.remove(str(TEMPLATE / "tools"))

REPORT = """\
## ✅ roc_auc 0.679 → 0.688: +0.009 better [+0.001, +0.017]

|  | before | now | difference |
| --- | --- | --- | --- |
| roc_auc on validation | 0.679 [0.636, 0.719] | 0.688 [0, 1] | +0.009 better [+0.001, +0.017] |
| baseline on validation | 0.500 | 0.500 |  |
| roc_auc on test | 0.762 [0.724, 0.796] | 0.764 [0.724, 0.800] | +0.002 better |
"""


def test_the_end_says_what_was_seen_and_where_to_go(tmp_path: Path) -> None:
    said = demo.closing(REPORT, tmp_path)
    assert "roc_auc on validation: 0.679 → 0.688, +0.009 better [+0.001, +0.017]." in said
    assert "0.762 → 0.764, +0.002 better." in said
    assert f"cd {tmp_path / 'flight-delays'}" in said
    for page in ("docs/generate.md", "docs", "README.md"):
        assert page in said
        assert (TEMPLATE / page).exists()


def test_a_change_for_the_worse_is_an_error(tmp_path: Path) -> None:
    worse = REPORT.replace("+0.009 better [+0.001, +0.017]", "-0.009 worse [-0.017, -0.001]")
    with pytest.raises(OtherwiseError, match=r"-0\.009 worse"):
        demo.closing(worse, tmp_path)


def test_a_report_without_the_metric_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OtherwiseError, match="no roc_auc on test"):
        demo.closing(REPORT.replace("on test", "on nothing"), tmp_path)


def test_the_change_is_one_line_more(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text(f"train:\n{demo.OLD}  seed: 0\n", encoding="utf-8")
    demo.change(params)
    assert params.read_text(encoding="utf-8") == f"train:\n{demo.OLD}{demo.NEW}  seed: 0\n"
    params.write_text("train: {}\n", encoding="utf-8")
    with pytest.raises(OtherwiseError, match="max_leaf_nodes: 15"):
        demo.change(params)


def test_the_linter_knows_the_module_from_the_folder_that_it_makes(tmp_path: Path) -> None:
    """The README says to run `make demo` first, and `make test`, which lints, afterwards."""
    for name in ("pyproject.toml", "tools/pictures.py", "tests/unit/test_demo.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, tmp_path / name)
    for folder in ("demo", "lifecycle"):
        (tmp_path / folder / "flight-delays").mkdir(parents=True)
        (tmp_path / folder / "flight-delays" / "train.py").touch()
    command = [sys.executable, "-m", "ruff", "check", "--select", "I", "--config", "pyproject.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
