"""Teachers that a run in the same folder has trained already: found by what decides over them, and taken over.

A run that trains teachers keeps in `checkpoints/teachers.json` what decides over them; the digests of their weights
follow when its training is done, so that nobody takes those of a training in progress. One that takes them over keeps
copies and whose they were: what was decided at its start is decided, whatever becomes of its neighbours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..config import WITH_TEACHERS, Budget, Run
from ..data import Prepared
from ..errors import GeoDistilError
from ..files import json_or_none
from ..recipes import CHECKPOINTS, Plan, best_weights, build_plan, teachers_identity, teachers_of
from .best import kept
from .checkpoint_files import atomically, begun
from .checkpoints import FREE

RECORD = "teachers.json"
UNITS = ("steps", "epochs", "minutes")


@dataclass(frozen=True)
class Settled:
    """The plan that a run is trained by.

    Args:
        plan: without the teachers' stages where those of another run are used again.
        note: the sentence that says so; empty otherwise.
        warnings: sentences about teachers that would fit, and cannot be used.
        identity: of the teachers that this run trains, or none.
    """

    plan: Plan
    note: str = ""
    warnings: list[str] = field(default_factory=list)
    identity: str | None = None


def settle(folder: Path, run: Run, prepared: Prepared, plan: Plan, keep: bool = True) -> Settled:
    """Use teachers again that a run beside this one has trained, where it wants that and there are any.

    Args:
        folder: the run folder.
        run: its settings.
        prepared: its sources.
        plan: in which it trains its teachers, if it has any.
        keep: whether to copy them into the folder and to record what was decided; else nothing is written.

    Raises:
        OutputError: the folder cannot be written.
        ConfigError: the copies of an earlier start are gone.
    """
    identity = teachers_identity(run, prepared, plan, FREE)
    if begun(folder / CHECKPOINTS):
        owner = _read(folder).get("reused")
        if not owner or not teachers_of(plan):
            return Settled(plan, identity=identity)
        return Settled(_taught(run, prepared, folder), _note(owner))
    if identity is None:
        return Settled(plan)
    warnings: list[str] = []
    for owner, weights in _offers(folder, run, plan, identity, warnings) if _wanted(run) else ():
        taught = _fitting(run, prepared, owner, warnings)
        if taught is None:
            continue
        if keep:
            for name, content in weights.items():
                atomically(best_weights(folder, name), partial(_put, content))
            _write(folder, {"identity": identity, "reused": owner.name})
            taught = _taught(run, prepared, folder)
        return Settled(taught, _note(owner.name), warnings)
    if keep:
        _write(folder, {"identity": identity, "budget": run.training.budget.model_dump()})
    return Settled(plan, warnings=warnings, identity=identity)


def offer(folder: Path, run: Run, plan: Plan, identity: str | None) -> None:
    """Say in the run folder that the teachers of a training that is done are for use.

    Not where sources or settings have changed since its start, or the budget: then what they learned is not known.

    Raises:
        OutputError: the folder cannot be written.
    """
    record = _read(folder)
    if identity is None or record.get("identity") != identity or record.get("reused"):
        return
    if record.get("budget") != run.training.budget.model_dump():
        return
    paths = {name: _weights(folder, stage, name) for name, stage in teachers_of(plan).items()}
    if all(path.exists() for path in paths.values()):
        digests = {name: _digest(path.read_bytes()) for name, path in paths.items()}
        _write(folder, {**record, "teachers": digests})


def _put(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _wanted(run: Run) -> bool:
    """Steps and epochs are done as the run says; minutes are to be well spent."""
    wanted = run.recipe.reuse_teachers if isinstance(run.recipe, WITH_TEACHERS) else None
    return run.training.budget.minutes is not None if wanted is None else wanted


def _note(owner: str) -> str:
    return (
        f"The teachers of the run {owner} are used again, for sources, split and all settings that decide over them "
        "are the same; the whole budget is the student's. Set recipe.reuse_teachers to false to train new ones."
    )


def _offers(
    folder: Path, run: Run, plan: Plan, identity: str, warnings: list[str]
) -> Iterator[tuple[Path, dict[str, bytes]]]:
    """Run folders beside this one with the same teachers, and their weights; the longest trained ones first."""
    mine = folder.resolve()
    found = []
    for path in _records(mine.parent):
        owner = path.parent.parent
        record = _read(owner)
        given = _amount(record.get("budget"), run.training.budget)
        if owner != mine and record.get("identity") == identity and record.get("teachers") and given is not None:
            found.append((-given, owner, record["teachers"]))
    for _, owner, digests in sorted(found, key=lambda each: each[:2]):
        weights = {name: _content(owner, stage, name, digests) for name, stage in teachers_of(plan).items()}
        whole = {name: content for name, content in weights.items() if content}
        if len(whole) == len(weights):
            yield owner, whole
        else:
            name = next(name for name, content in weights.items() if not content)
            warnings.append(
                f"The teachers of the run {owner.name} would fit, but its {name} in {owner / CHECKPOINTS} is gone or "
                "damaged, so they are not used again."
            )


def _records(parent: Path) -> list[Path]:
    try:
        return sorted(parent.glob(f"*/{CHECKPOINTS}/{RECORD}"))
    except OSError:
        return []


def _amount(theirs: Any, mine: Budget) -> float | None:
    """How much budget theirs was, where it is of the same unit as mine and no less."""
    unit = next(unit for unit in UNITS if getattr(mine, unit) is not None)
    amount = theirs.get(unit) if isinstance(theirs, dict) else None
    return amount if isinstance(amount, int | float) and amount >= getattr(mine, unit) else None


def _fitting(run: Run, prepared: Prepared, owner: Path, warnings: list[str]) -> Plan | None:
    """The plan with another run's teachers; none, with a sentence, where its folder is not as it was."""
    try:
        with torch.random.fork_rng(devices=[]):
            return _taught(run, prepared, owner)
    except (GeoDistilError, OSError, ValueError) as error:
        warnings.append(f"The teachers of the run {owner.name} are not used again: {error}")
        return None


def _taught(run: Run, prepared: Prepared, owner: Path) -> Plan:
    recipe = run.recipe.model_copy(update={"teachers_from": str(owner)})
    return build_plan(run.model_copy(update={"recipe": recipe}), prepared)


def _weights(folder: Path, stage: str, name: str) -> Path:
    """A teacher's weights as they were before the student's stage, in which it may go on learning."""
    path = best_weights(folder, kept(stage, name))
    return path if path.exists() else best_weights(folder, name)


def _content(owner: Path, stage: str, name: str, digests: Any) -> bytes | None:
    """A teacher's weights, where they are as they were when its training was done."""
    try:
        content = _weights(owner, stage, name).read_bytes()
    except OSError:
        return None
    return content if isinstance(digests, dict) and digests.get(name) == _digest(content) else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(folder: Path) -> dict[str, Any]:
    """A folder's record; empty where there is none that can be read."""
    record = json_or_none(folder / CHECKPOINTS / RECORD)
    return record if isinstance(record, dict) else {}


def _write(folder: Path, record: dict[str, Any]) -> None:
    text = json.dumps(record, indent=2) + "\n"
    atomically(folder / CHECKPOINTS / RECORD, lambda path: path.write_text(text, encoding="utf-8"))
