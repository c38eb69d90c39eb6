"""Refuse bad answers, one sentence each, before anything is written.

`cookiecutter_dvc.py` applies these rules as soon as the last question is answered; as a hook they
apply once more, to answers that come from a replay file.
"""

import difflib
import json
import keyword
import os
import re
import reprlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

LONGEST_NAME = 64
LICENSES = ("MIT", "BSD-3-Clause", "Apache-2.0", "Proprietary")
CI_SERVICES = ("github", "gitlab", "none")
TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")

EXTRA_OF_SCHEME = {
    "s3": "s3",
    "gs": "gs",
    "azure": "azure",
    "ssh": "ssh",
    "webdav": "webdav",
    "webdavs": "webdav",
    "hdfs": "hdfs",
    "webhdfs": "webhdfs",
    "oss": "oss",
    "http": "",
    "https": "",
}
# Elsewhere the part before the @ is a key: https://TOKEN@host, s3://KEY:SECRET@bucket.
SCHEMES_WITH_USERS = ("ssh", "hdfs")

FOLDERS = frozenset({"conftest", "data", "docs", "models", "reports", "src", "tests"})
# The list leaves out its own test suite, which is there all the same.
STANDARD_MODULES = sys.stdlib_module_names | {"test"}
WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))]
)
# Everything that a generated project can have in its environment, by distribution and by import
# name, and the commands that its documentation calls: all with - for _ and . in the name.
PACKAGE_NAMES = """
    adlfs aiobotocore aiohappyeyeballs aiohttp aiohttp-retry aioitertools aiooss2 aiosignal
    aliyun-python-sdk-core aliyun-python-sdk-kms aliyunsdkcore aliyunsdkkms amqp annotated-doc
    annotated-types antlr4 antlr4-python3-runtime anyio appdirs ast-serialize asyncssh atpublic attr
    attrs azure azure-core azure-datalake-store azure-identity azure-storage-blob bcrypt billiard
    boto3 botocore cachetools celery certifi cffi cfgv charset-normalizer click click-didyoumean
    click-plugins click-repl cloudpickle colorama conda configobj contourpy coverage crcmod
    cryptography cycler dateutil dictdiffer diskcache distlib distro docker dotenv dpath dulwich dvc
    dvc-azure dvc-data dvc-gdrive dvc-gs dvc-hdfs dvc-http dvc-objects dvc-oss dvc-render dvc-s3
    dvc-ssh dvc-studio-client dvc-task dvc-webdav dvc-webhdfs dvclive entrypoints execnet fastapi
    fastjsonschema filelock flatten-dict flufl flufl-lock fonttools frozenlist fsspec funcy gcsfs
    git gitdb gitpython google google-api-core google-auth google-auth-oauthlib google-cloud-core
    google-cloud-storage google-crc32c google-resumable-media googleapis-common-protos grandalf
    greenlet gto gunicorn h11 httpcore httptools httpx hydra hydra-core hypothesis identify idna
    iniconfig ipykernel ipython isodate iterative-telemetry jmespath joblib jsonschema
    jsonschema-specifications jupyter jupyter-core jupyterlab kiwisolver knack kombu librt lightgbm
    make markdown-it markdown-it-py matplotlib mdurl mlflow mpl-toolkits msal msal-extensions msrest
    multidict mypy mypy-extensions mypyc narwhals nbclient nbconvert nbformat nbstripout networkx
    nodeenv notebook numpy nvidia-nccl-cu12 oauthlib omegaconf onnx onnxruntime opentelemetry
    opentelemetry-api orjson oss2 ossfs packaging pandas pandas-stubs pandera pathspec pil pillow
    pip platformdirs pluggy pre-commit pre-commit-hooks prettytable prometheus-client prompt-toolkit
    propcache proto-plus protobuf psutil psycopg psycopg-binary public py pyarrow pyasn1
    pyasn1-modules pycparser pycryptodome pydantic pydantic-core pydantic-settings pydevd-plugins
    pydot pygit2 pygments pygtrie pylab pyparsing pyright pytest pytest-cov pytest-xdist python
    python-dateutil python-discovery python-dotenv pywin32 pyyaml referencing requests
    requests-oauthlib rich rpds rpds-py rsa ruamel ruamel-yaml ruff s3fs s3transfer scikit-learn
    scipy scmrepo semver setuptools shellingham shortuuid shtab six sklearn skops smmap sniffio
    sqlalchemy sqltrie sshfs starlette tabulate threadpoolctl tomlkit tqdm traitlets typeguard typer
    types-tqdm typing-extensions typing-inspect typing-inspection tzdata tzlocal urllib3 uv uvicorn
    uvloop uvx validate vine virtualenv vl-convert vl-convert-python voluptuous watchfiles wcwidth
    webdav4 websockets wrapt xdist xgboost xgboost-cpu yaml yarl zc zc-lockfile
"""
PACKAGES = frozenset(PACKAGE_NAMES.split())

# Line breaks, control characters, halves of surrogate pairs: TOML, YAML or Git reject them.
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
SLUG = re.compile(r"[a-z]([a-z0-9_-]*[a-z0-9])?")
EMAIL = re.compile(r"[\w.%+'-]+@[\w-]+(\.[\w-]+)+")
REMOTE = re.compile(r"[\w.~:/\\@%+=-]+")
PASSWORD = re.compile(r":[^/\\]*@")

EXPECTED = f"expected one of {', '.join(TABLES)}, or a folder of them"

Answers = Mapping[str, str]


def without_table(answers: Mapping[str, object]) -> dict[str, object]:
    """Return the answers as if there were no table, which may be long gone when cruft updates."""
    return {**answers, "data_file": "", "target": ""}


def problems(answers: Mapping[str, object]) -> list[str]:
    """Return one sentence for each answer that cannot be used."""
    texts = {key: str(answers[key]) for key in CHECKS}
    sentences = ((key, unwritable(texts[key]) or check(texts)) for key, check in CHECKS.items())
    return [f"{key}: {sentence}" for key, sentence in sentences if sentence]


def refusal(sentences: list[str]) -> str:
    """Return the message that lists the problems."""
    return "\n  ".join(["Nothing was written.", *sentences])


def unwritable(text: str) -> str:
    """Complain about characters that the project's files could not hold."""
    if UNWRITABLE.search(text):
        return f"{shown(text)} holds a line break or control character; use one line of plain text."
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
        return f"none can be derived from the name {name}; give one, such as 'flight-delays'."
    if len(slug) > LONGEST_NAME:
        return too_long(slug)
    if not SLUG.fullmatch(slug):
        return (
            f"{shown(slug)} cannot name a folder and a package; use lower-case letters, digits, "
            "- and _, a letter first and no - or _ last, such as 'flight-delays'."
        )
    return clash(slug)


def clash(slug: str) -> str:
    """Complain about a slug that names something else already."""
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
    """Complain about what cannot be an e-mail address."""
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


def check_data_file(answers: Answers) -> str:
    """Complain about a table that is not there, or that is none."""
    if not (file := answers["data_file"]):
        return ""
    try:
        path = table_path(file)
        if path.is_dir():
            return unusable_folder(path)
        if not path.exists():
            return f"{shown(file)} does not exist; {nearest_to(path)}."
        return unusable_file(path)
    except RuntimeError:
        return f"{shown(file)} is in the home folder of nobody; give the path without ~."
    except OSError as error:
        return f"{shown(file)} cannot be read ({error.strerror}); give a table that can."


def table_path(file: str) -> Path:
    """Return where a table is, seen from where the user stands.

    Raises:
        RuntimeError: there is no home folder to stand for the ~.
    """
    # Cookiecutter changes the working directory; `cookiecutter_dvc.py` leaves the user's in PWD.
    return Path(os.environ.get("PWD", ""), Path(file).expanduser())


def nearest_to(path: Path) -> str:
    """Return what to give in place of a path that leads nowhere."""
    folder = path.parent
    names = {p.name.lower(): p.name for p in folder.iterdir()} if folder.is_dir() else {}
    if near := difflib.get_close_matches(path.name.lower(), names):
        return f"nearest to it there: {', '.join(shown(names[name]) for name in near)}"
    return f"give a path that starts with / or ~, or one seen from {os.environ.get('PWD', 'here')}"


def unusable_folder(folder: Path) -> str:
    """Complain about a folder that holds no table, or an empty one."""
    tables = [path for path in sorted(folder.rglob("[!.]*")) if is_table(path) and path.is_file()]
    sentences = filter(None, map(unusable_file, tables))
    return next(sentences, "") if tables else f"{shown(str(folder))} holds no table; {EXPECTED}."


def unusable_file(path: Path) -> str:
    """Complain about what is no file, is empty, or is of a kind that cannot be read."""
    if not path.is_file():
        return f"{shown(path.name)} is neither a file nor a folder; {EXPECTED}."
    if not is_table(path):
        return f"{shown(path.name)} cannot be read as a table; {EXPECTED}."
    if path.stat().st_size == 0:
        return f"{shown(path.name)} is empty; give a table with a line of column names, and rows."
    return ""


def is_table(path: Path) -> bool:
    """Tell whether a file's name ends like that of a table."""
    return path.name.lower().endswith(TABLES)


def check_target(answers: Answers) -> str:
    """Complain about a table without a target, and about a target without a table."""
    given, target = answers["data_file"], answers["target"]
    if given and not target.strip():
        return f"it is blank; name the column of {shown(given)} that is to be predicted."
    if target and not given:
        return (
            f"{shown(target)} is a column of which table? Give data_file, too, or leave target "
            "blank for the bundled sample."
        )
    return ""


def check_remote(answers: Answers) -> str:
    """Complain about a remote that DVC could not use, or that would put a secret into Git."""
    remote = answers["dvc_remote"]
    if not remote:
        return ""
    # What may hold a secret is not shown again: what is printed ends up in logs.
    try:
        url = urlsplit(remote)
        secret = holds_secret(remote, url)
    except ValueError:
        return "it is not a valid URL; give one such as 's3://bucket/folder'."
    if secret:
        return (
            "it carries a user, password or key, and nothing secret may be written to Git; leave "
            "it out and set it afterwards with: dvc remote modify --local storage KEY VALUE."
        )
    if not REMOTE.fullmatch(remote):
        return (
            f"{shown(remote)} holds a space, quote, comma, # or other character that would break "
            "DVC's configuration file; give an address without them."
        )
    if Path(remote).is_absolute():
        return ""
    return unusable_url(remote, url)


def holds_secret(remote: str, url: SplitResult) -> bool:
    """Tell whether a URL carries credentials.

    Raises:
        ValueError: the port is not a number.
    """
    _ = url.port
    password = url.password is not None or PASSWORD.search(remote)
    stray_user = url.username is not None and url.scheme not in SCHEMES_WITH_USERS
    return bool(password or stray_user or (url.scheme and url.query))


def unusable_url(remote: str, url: SplitResult) -> str:
    """Complain about an address that is neither an absolute path nor a URL for DVC."""
    if url.scheme == "gdrive":
        return f"{shown(remote)} cannot work, as Google blocks DVC's client; use gs:// or another."
    if "://" not in remote:
        return f"{shown(remote)} is relative; give an absolute path or a URL: s3://bucket/folder."
    if url.scheme not in EXTRA_OF_SCHEME:
        known = ", ".join(EXTRA_OF_SCHEME)
        return f"{shown(remote)} is of an unknown kind; give an absolute path or one of {known}."
    if not url.netloc:
        return f"{shown(remote)} names no host or bucket; give one such as 's3://bucket/folder'."
    return ""


def too_long(name: str) -> str:
    """Complain about a name that file systems and tables have no room for."""
    if len(name) > LONGEST_NAME:
        return f"{shown(name)} has {len(name)} characters; use at most {LONGEST_NAME}."
    return ""


def not_one_of(choices: tuple[str, ...], given: str) -> str:
    """Complain about an answer that is not among the choices."""
    if given not in choices:
        return f"{shown(given)} is not offered; choose one of {', '.join(choices)}."
    return ""


def shown(text: str) -> str:
    """Return the text in quotes, shortened, with everything unprintable escaped."""
    short = reprlib.Repr()
    short.maxstring = LONGEST_NAME
    return short.repr(text)


CHECKS: dict[str, Callable[[Answers], str]] = {
    "data_file": check_data_file,
    "target": check_target,
    "project_name": check_name,
    "project_slug": check_slug,
    "description": lambda _answers: "",
    "author_name": check_author,
    "author_email": check_email,
    "license": check_license,
    "dvc_remote": check_remote,
    "ci": check_ci,
}


def main(answers: Mapping[str, object]) -> int:
    """Return the exit code: 1 if an answer is refused, with the reasons on stderr."""
    sentences = problems(answers)
    if sentences:
        print(refusal(sentences), file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")
    # Cruft names no output folder.
    sys.exit(main(CONTEXT if "_output_dir" in CONTEXT else without_table(CONTEXT)))
