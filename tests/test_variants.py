"""Every option, alone and in the pairs that meet in a file, gives a project that is in order."""

import tomllib
from pathlib import Path

import pytest
from conftest import Project, generated
from markdown_it import MarkdownIt

HOSTILE = r"""O'Neil "Ж" \ Größe & <b> #1 {} %s ☃ 🎉"""

VARIANTS: dict[str, dict[str, str]] = {
    "bsd": {"license": "BSD-3-Clause"},
    "apache": {"license": "Apache-2.0", "ci": "none"},
    "proprietary": {"license": "Proprietary", "ci": "gitlab"},
    "gitlab-s3": {"ci": "gitlab", "dvc_remote": "s3://bucket/folder"},
    "no-ci-ssh": {"ci": "none", "dvc_remote": "ssh://host.example/folder"},
    "hostile text": {
        "project_name": HOSTILE,
        "project_slug": "hostile",
        "description": HOSTILE,
        "author_name": HOSTILE,
    },
    "long name": {"project_slug": "a" + "-b" * 31 + "c"},
}


@pytest.mark.parametrize("answers", VARIANTS.values(), ids=list(VARIANTS))
def test_a_variant_passes_its_own_checks(tmp_path: Path, answers: dict[str, str]) -> None:
    project = generated(tmp_path, setup="false", **answers)
    project.run("git", "init", "--quiet")
    project.run("uv", "sync", "--quiet")
    project.run("git", "add", "--all", "--", ".", ":!data/raw")
    project.uv("ruff", "check")
    project.uv("ruff", "format", "--check")
    project.uv("mypy")
    project.uv("pre-commit", "run", "--all-files")
    project.uv("pytest", "tests/test_graph.py", "tests/test_params.py", "tests/test_schema.py")
    project.uv("dvc", "dag")
    project.uv(project.path.name, "verify", "--help")
    metadata = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))
    assert metadata["project"]["name"] == project.path.name


def test_hostile_text_arrives_as_it_was_typed(tmp_path: Path) -> None:
    project = generated(tmp_path, **VARIANTS["hostile text"])
    assert "up to date" in project.uv("dvc", "status")
    # Git itself takes the angle brackets out of names.
    assert project.run("git", "log", "--format=%an") == HOSTILE.replace("<b>", "b") + "\n"
    code = (
        "import importlib.metadata as m; p = m.metadata('hostile'); print(p['Summary']); "
        "from hostile import params; c = params.load().card; print(c.title); print(c.owner)"
    )
    assert project.uv("python", "-c", code).splitlines()[-3:] == [
        HOSTILE,
        HOSTILE,
        f"{HOSTILE} <you@example.com>",
    ]
    assert heading(project, "README.md") == HOSTILE
    assert heading(project, "reports/model_card.md") == f"Model card: {HOSTILE}"


def heading(project: Project, name: str) -> str:
    """Return the text that a reader sees in a Markdown file's first heading."""
    text = (project.path / name).read_text(encoding="utf-8")
    heading, inline, *_ = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    assert heading.tag == "h1"
    return "".join(token.content for token in inline.children or [])
