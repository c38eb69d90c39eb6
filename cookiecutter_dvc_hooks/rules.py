"""The rules for answers: one sentence for each answer that cannot be used."""

import keyword
import re
from collections.abc import Callable, Iterable, Mapping

from cookiecutter_dvc_hooks import remotes, tables
from cookiecutter_dvc_hooks.library import RENDERING
from cookiecutter_dvc_hooks.reserved import FOLDERS, PACKAGES, STANDARD_MODULES, WINDOWS_DEVICES
from cookiecutter_dvc_hooks.texts import LONGEST_NAME, nearest, shown

LICENSES = ("MIT", "BSD-3-Clause", "Apache-2.0", "Proprietary")
CI_SERVICES = ("github", "gitlab", "none")
PARTS: tuple[str, ...] = RENDERING["PARTS"]
CI_PARTS: tuple[str, ...] = RENDERING["CI_PARTS"]

# Line breaks, control characters, halves of surrogate pairs: TOML, YAML or Git reject them.
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
SLUG = re.compile(r"[a-z]([a-z0-9_-]*[a-z0-9])?")
EMAIL = re.compile(r"[\w.%+'-]+@[\w-]+(\.[\w-]+)+")

Answers = Mapping[str, str]


def without_table(answers: Mapping[str, object]) -> dict[str, object]:
    """Return the answers as if there were no table, which may be long gone when cruft updates."""
    return {**answers, "data_file": "", "target": ""}


def problems(answers: Mapping[str, object], keys: Iterable[str] = ()) -> list[str]:
    """Return one sentence for each answer that cannot be used.

    Args:
        answers: the answers.
        keys: which of them to check; all if there are none.
    """
    texts = {key: str(answers[key]) for key in keys or CHECKS}
    sentences = ((key, unwritable(texts[key]) or CHECKS[key](texts)) for key in texts)
    return [f"{key}: {sentence}" for key, sentence in sentences if sentence]


def refusal(sentences: list[str]) -> str:
    """Return the message that lists the problems."""
    return "\n  ".join(["Nothing was written.", *sentences])


def unwritable(text: str) -> str:
    """Complain about characters that the project's files could not hold."""
    if UNWRITABLE.search(text):
        return f"{shown(text)} has a line break or control character; use one line of plain text."
    return ""


def check_name(answers: Answers) -> str:
    """Complain about a project name that is empty or too long."""
    name = answers["project_name"]
    if not name.strip():
        return "it is empty; give the project a name, such as 'Flight Delays'."
    return too_long(name)


def check_slug(answers: Answers) -> str:
    """Complain about a slug that cannot name a folder, a command and a package."""
    slug = answers["project_slug"]
    if not slug.strip():
        name = shown(answers["project_name"])
        return f"no slug can be derived from the name {name}; give one, such as 'flight-delays'."
    if len(slug) > LONGEST_NAME:
        return too_long(slug)
    if not SLUG.fullmatch(slug):
        return (
            f"{shown(slug)} cannot name a folder and a package; use lower-case letters, digits, "
            "- and _, a letter first and no - or _ last, such as 'flight-delays'."
        )
    return clash(slug)


def clash(slug: str) -> str:
    """Complain about a slug that is already the name of something else."""
    package = slug.replace("-", "_")
    distribution = re.sub("[-_]+", "-", slug)
    clashes = {
        "a Python keyword and could not be imported": keyword.iskeyword(package),
        "a module of Python's standard library": package in STANDARD_MODULES,
        "a package or command that the project uses": distribution in PACKAGES,
        "one of the project's own folders or files": package in FOLDERS,
        "a device name of Windows": package in WINDOWS_DEVICES,
    }
    for what, clashing in clashes.items():
        if clashing:
            return f"{shown(slug)} clashes with {what}; choose another, such as 'my-{slug}'."
    return ""


def check_author(answers: Answers) -> str:
    """Complain about a missing author: Git and the license need one."""
    if not answers["author_name"].strip():
        return "it is empty; give the author's name, for Git and the license."
    return ""


def check_email(answers: Answers) -> str:
    """Complain about an invalid e-mail address."""
    email = answers["author_email"]
    if not EMAIL.fullmatch(email):
        return f"{shown(email)} is not an e-mail address; give one such as 'you@example.com'."
    return ""


def check_license(answers: Answers) -> str:
    """Complain about a license whose text the template does not have."""
    return not_one_of(LICENSES, answers["license"])


def check_ci(answers: Answers) -> str:
    """Complain about a service that the template has no workflow for."""
    return not_one_of(CI_SERVICES, answers["ci"])


def check_parts(answers: Answers) -> str:
    """Complain about a part that the library does not have, or that the service cannot use."""
    for part in part_names(answers["parts"]):
        if part not in PARTS:
            hint = nearest(part, PARTS) or "."
            return f"{shown(part)} is not a part{hint} The parts are {', '.join(PARTS)}."
        if part in CI_PARTS and answers["ci"] == "none":
            return f"{shown(part)} is for GitHub or GitLab; leave it out, or choose another ci."
    return ""


def part_names(answer: str) -> list[str]:
    """Return the names of the parts in an answer, each once."""
    return list(dict.fromkeys(filter(None, (name.strip() for name in answer.split(",")))))


def check_target(answers: Answers) -> str:
    """Complain about a target that is missing, has no table, or is no column of the table."""
    given, target = answers["data_file"], answers["target"]
    if given and not target.strip():
        return f"it is blank; name the column of {shown(given)} to predict."
    if target and not given:
        return (
            f"{shown(target)} needs a table; also give data_file, or leave target blank for the "
            "bundled sample."
        )
    if given and not tables.unusable(given):
        return tables.without_column(given, target.strip())
    return ""


def too_long(name: str) -> str:
    """Complain about a name that is too long for file systems and tables."""
    if len(name) > LONGEST_NAME:
        return f"{shown(name)} has {len(name)} characters; use at most {LONGEST_NAME}."
    return ""


def not_one_of(choices: tuple[str, ...], given: str) -> str:
    """Complain about an answer that is not among the choices."""
    if given not in choices:
        return f"{shown(given)} is not a choice; choose one of {', '.join(choices)}."
    return ""


CHECKS: dict[str, Callable[[Answers], str]] = {
    "data_file": lambda answers: tables.unusable(answers["data_file"]),
    "target": check_target,
    "project_name": check_name,
    "project_slug": check_slug,
    "description": lambda _answers: "",
    "author_name": check_author,
    "author_email": check_email,
    "license": check_license,
    "dvc_remote": lambda answers: remotes.unusable(answers["dvc_remote"]),
    "ci": check_ci,
    "parts": check_parts,
}
