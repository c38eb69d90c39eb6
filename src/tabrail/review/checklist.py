"""The launch checklist: what a machine can check before a model is released.

The first checks are those of `verify`. They compare with the released model.
"""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tabrail import paths
from tabrail.config import Card, Gate, Goal, Latency, load_params
from tabrail.data.schema import load_schema
from tabrail.markdown import plain
from tabrail.project import cost, git, uv
from tabrail.project.registry import released
from tabrail.review import acceptance, gate, origin, rehearsal, verify
from tabrail.review.check import Check, Verdict, some
from tabrail.review.snapshot import Snapshot, read

AT_ONCE = 2  # parallel processes; each loads the libraries, and needs half a gigabyte
TRAIN = "train"  # the stage that makes the model
PLAN, RUNBOOK, DECISIONS = (Path("docs", f"{name}.md") for name in ("plan", "runbook", "decisions"))
# Placeholders of a generated project, which only a person can replace.
UNWRITTEN = re.compile(
    r"ha(?:s|ve)\s+not\s+been\s+written\s+down\s+yet|still to be written|replace this paragraph",
    re.IGNORECASE,
)
NOBODY = ("Your Name", "you@example.com")
CONTACT = re.compile(r"[\w.+-]*@[\w.-]+(?:/[\w.-]+)?|https?://[^\s>)]+")
FAILING: dict[str, Verdict] = {"enabled": "FAILED", "dry_run": "dry run", "disabled": "disabled"}


def checks(stage: str) -> Iterator[Check]:
    """Make every check of a launch; if the first one fails, skip the others.

    Args:
        stage: the stage whose model is compared with, such as prod.

    Raises:
        InputError: params.yaml cannot be read.
    """
    merge = verify.nothing_is_in_conflict()
    yield merge
    if merge.verdict == "FAILED":
        return
    params, version = load_params(), released(stage)
    yield from verify.results_are_sound(remote=True)
    yield from origin.checks()
    yield lock_is_fresh()
    yield from gate_is_passed(stage, version, params.gate)
    yield plan_is_written(params.gate.goal)
    yield data_is_described()
    yield paper_is_written(DECISIONS)
    yield card_is_complete(params.card)
    yield owner_can_be_reached(params.card.owner)
    yield runbook_names_the_owner(params.card.owner)
    yield from model_works_elsewhere(params.gate.prediction_time)
    yield training_cost()
    # These run in parallel, in separate processes. The timing above must run alone.
    tried: tuple[Callable[[], list[Check]], ...] = (
        lambda: list(rehearsal.server_answers()),
        lambda: [rehearsal.monitor_runs()],
        lambda: [rehearsal.way_back(version)],
    )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda one: one(), tried):
            yield from found


def lock_is_fresh() -> Check:
    """Check with uv that uv.lock fits pyproject.toml."""
    done = uv.run("lock", "--check")
    if done.returncode:
        fix = "run: uv lock && uv sync && uv run dvc repro, and commit what it changes"
        return Check("lock", "FAILED", f"uv.lock is outdated: {uv.last_line(done.stderr)}", fix)
    return Check("lock", "ok", "uv.lock fits pyproject.toml")


def gate_is_passed(stage: str, version: str | None, params: Gate) -> Iterator[Check]:
    """Compare the results with those of the version in a stage; without one, with fixed bounds."""
    head = git.commit("HEAD")
    if version is not None and git.commit(version) != head:
        yield from verify.gate_is_passed(version)
        return
    now = read()
    if version is None:
        why = f"no version is in {stage}; nothing is compared, and only fixed bounds apply"
        yield Check("base", "skipped", why)
    else:
        yield Check("base", "ok", f"{version}, which is in {stage}, is this commit")
    first = git.git("rev-list", "--max-parents=0", "HEAD").split()[-1]
    accepted = acceptance.since(first, Gate.names()).valid
    yield from gate.checks(Snapshot() if version is None else now, now, params, accepted)


def paper_is_written(path: Path) -> Check:
    """Look in a page of docs/ for placeholders that a person has to replace."""
    if not path.exists():
        fix = f"write it, or restore it (see: git log --oneline -- {path})"
        return Check(path.stem, "FAILED", f"{path} is missing", fix)
    waiting = len(UNWRITTEN.findall(path.read_text(encoding="utf-8")))
    if waiting:
        what = f"{path} still lacks {waiting} answer{'' if waiting == 1 else 's'}"
        return Check(path.stem, "FAILED", what, 'replace what "has not been written down yet"')
    return Check(path.stem, "ok", f"{path} is written")


def plan_is_written(goal: Goal) -> Check:
    """Look for placeholders in docs/plan.md, and for the success number in params.yaml."""
    found = paper_is_written(PLAN)
    if found.verdict == "ok" and not goal.is_set:
        fix = f"write it in {paths.PARAMS}, such as: goal: {{metric: roc_auc, at_least: 0.7}}"
        return Check("plan", "FAILED", f"{PLAN} is written, but gate.goal has no number", fix)
    return found


def data_is_described() -> Check:
    """Look for placeholders in the datasheet, and count the columns with a description."""
    found = paper_is_written(paths.DATASHEET)
    columns = load_schema().columns.values()
    described = sum(1 for column in columns if column.description)
    return replace(
        found, detail=f"{found.detail}; {described} of {len(columns)} columns have a description"
    )


def card_is_complete(card: Card) -> Check:
    """Look for placeholders in the model card and in its texts in params.yaml."""
    if not paths.MODEL_CARD.exists():
        return Check("card", "FAILED", f"{paths.MODEL_CARD} is missing", verify.RUN)
    fix = f"write it in {paths.PARAMS} under card, then {verify.RUN}, and commit"
    if empty := [name for name, text in vars(card).items() if not text.strip()]:
        return Check("card", "FAILED", f"empty: {some(empty)}", fix)
    unwritten = [name for name, text in vars(card).items() if UNWRITTEN.search(text)]
    written = paths.MODEL_CARD.read_text(encoding="utf-8")
    if unwritten or UNWRITTEN.search(written):
        what = f"unchanged since the project was generated: {some(unwritten or ['the card'])}"
        return Check("card", "FAILED", what, fix)
    if plain(card.limits) not in written or plain(card.owner) not in written:
        what = f"{paths.MODEL_CARD} lacks the limits or the owner in {paths.PARAMS}"
        return Check("card", "FAILED", what, f"{verify.RUN}, and commit what it changes")
    return Check("card", "ok", "the model card is complete and belongs to this run")


def owner_can_be_reached(owner: str) -> Check:
    """Look for the owner's address in params.yaml."""
    fix = f"write a name and an address in {paths.PARAMS}, card.owner, then {verify.RUN}"
    if any(word in owner for word in NOBODY) or not owner.strip():
        return Check("owner", "FAILED", f"no owner is named: {owner.strip() or 'empty'}", fix)
    if not CONTACT.search(owner):
        return Check("owner", "FAILED", f"{owner} has no address: no e-mail, @team or link", fix)
    return Check("owner", "ok", f"{owner} is responsible for the model")


def runbook_names_the_owner(owner: str) -> Check:
    """Look for the owner's address in the runbook, which people read when something is wrong."""
    fix = f"write whom to call there, with the address in {paths.PARAMS}, card.owner"
    if not RUNBOOK.exists():
        return Check("runbook", "FAILED", f"{RUNBOOK} is missing", fix)
    text = RUNBOOK.read_text(encoding="utf-8")
    if left := [word for word in NOBODY if word in text] + UNWRITTEN.findall(text):
        return Check("runbook", "FAILED", f"{RUNBOOK} still says: {some(left)}", fix)
    addresses = CONTACT.findall(owner)
    if not any(address in text for address in addresses):
        what = f"{RUNBOOK} does not name {some(addresses) or 'an owner'}"
        return Check("runbook", "FAILED", what, fix)
    return Check("runbook", "ok", f"{RUNBOOK} names the owner")


def model_works_elsewhere(demanded: Latency) -> Iterator[Check]:
    """Load the model in a new environment like that of a server, and time one row there."""
    done = uv.run("run", *rehearsal.alone(), "python", "-m", "tabrail.model.probe")
    if done.returncode:
        fix = "run: uv run dvc pull; if its predictions differ: uv run dvc repro --force"
        why = f"the model fails in a clean environment: {uv.last_line(done.stderr)}"
        yield Check("model", "FAILED", why, fix)
        return
    seen = json.loads(done.stdout)
    versions = ", ".join(f"{name} {version}" for name, version in seen["versions"].items())
    same = "gives the same predictions for the reference rows as when it was evaluated"
    yield Check("model", "ok", f"{seen['model']} {same}, in a clean environment with {versions}")
    taken = f"one row takes {seen['p50_ms']:g} ms of CPU time (p50)"
    detail = f"{taken}; at most {demanded.milliseconds:g}"
    if seen["p50_ms"] <= demanded.milliseconds:
        yield Check("latency", "ok", detail)
        return
    fix = f"train a smaller model, or raise the bound in {paths.PARAMS}, gate.prediction_time"
    yield Check("latency", FAILING[demanded.check], detail, fix)


def training_cost() -> Check:
    """Return the cost of training the model, if it was trained in this folder."""
    found = cost.of_model(TRAIN)
    if found is None:
        why = "unknown; the model was not trained in this folder, or DVC already had its result"
        fix = "to measure it, run: uv run dvc repro --force --single-item train"
        return Check("training", "skipped", why, fix)
    peak = found.peak_megabytes
    memory = f"at most {peak:,} MB of memory" if peak else "an unknown amount of memory"
    took = f"{found.seconds:g} s ({found.cpu_seconds:g} s of CPU time)"
    return Check("training", "ok", f"training took {took} and {memory} on this machine")
