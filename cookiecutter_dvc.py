"""What cookiecutter.json calls while it asks: the check of all answers, and escaped forms of them.

Cookiecutter loads this file as a local extension. A check in a hook alone would come too late: by
then cookiecutter has created the project's folder, were it `../evil`, and it logs a traceback
under every refusal of a hook.
"""

import re
import runpy
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from click import ClickException
from jinja2 import Environment
from jinja2.ext import Extension

RULES = runpy.run_path(str(Path(__file__).parent / "hooks" / "pre_gen_project.py"))


class Answers(Extension):
    """Adds the filters below to cookiecutter's Jinja environment."""

    def __init__(self, environment: Environment) -> None:
        """Register the filters."""
        super().__init__(environment)
        for function in (checked, dvc_extra, quoted, markdown):
            environment.filters[function.__name__] = function


def checked(answers: Mapping[str, object]) -> str:
    """Return "yes" if all answers can be used.

    Raises:
        ClickException: lists every bad answer; cookiecutter prints it and exits with code 1.
    """
    if problems := RULES["problems"](answers):
        raise ClickException(RULES["refusal"](problems))
    return "yes"


def dvc_extra(url: str) -> str:
    """Return the extra of the package `dvc` that a remote needs, such as "[s3]", or ""."""
    extra = RULES["EXTRA_OF_SCHEME"].get(urlsplit(url).scheme, "")
    return f"[{extra}]" if extra else ""


def quoted(text: str) -> str:
    """Escape text for use between double quotes in TOML, YAML, JSON and Python."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def markdown(text: str) -> str:
    """Escape text so that Markdown shows it as it was typed, in a heading, paragraph or cell."""
    escaped = re.sub(r"[\\`*_\[\]<>#&~|$]", r"\\\g<0>", text.strip())
    # At the start of a line these would make a list or an underline.
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", escaped)
