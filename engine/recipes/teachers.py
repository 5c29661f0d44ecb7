"""Teachers that are trained already: an earlier run's, a package's, or several as an ensemble (`teachers_from`)."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..config import RUN_FILE, Card, Network, Run, Supervised, TeachersFrom, load_run
from ..data import Prepared
from ..data.grid import ALIGNED_TOLERANCE
from ..errors import ConfigError, WeightsError
from ..files import read_object
from ..models import DetectionHead, TaskNetwork, TrainableNetwork
from ..models.storage import load_weights
from ..types import Task, given
from .build import CARD, ITEM, check_imagery, describe, load_package_teacher, read_card, standardised_by
from .ensemble import Ensemble, cost
from .plan import network_of
from .supervised import tasks_of

if TYPE_CHECKING:
    from ..types import Task


CHECKPOINTS = "checkpoints"
AVERAGED = "module."
"""Before the names of the weights of a moving average (`torch.optim.swa_utils.AveragedModel`)."""


def best_weights(folder: Path, name: str) -> Path:
    """Where a run keeps the best weights of one of its networks."""
    return folder / CHECKPOINTS / f"{name}.safetensors"


def checked(folder: str, name: str, teacher: TrainableNetwork, run: Run, prepared: Prepared) -> tuple[Path, str]:
    """The best weights of another run for a teacher, and the name under which it keeps them.

    A supervised run has one network, which teaches under any name.

    Args:
        folder: of the other run.
        name: the teacher's.
        teacher: to be filled.
        run: this run.
        prepared: its sources.

    Raises:
        ConfigError: the other run has other classes, bands, ground sampling distance or standardisation.
    """
    other = load_run(folder)
    check_run(folder, other, teacher.tasks, run, prepared)
    stored = stored_as(other, name)
    return best_weights(Path(folder), stored), stored


def stored_as(other: Run, name: str) -> str:
    """The name under which another run keeps the weights of a teacher."""
    return "student" if isinstance(other.recipe, Supervised) else name


def check_run(folder: str, other: Run, tasks: Collection[Task], run: Run, prepared: Prepared) -> None:
    """Raise ConfigError where another run's classes, bands, ground sampling distance or standardisation do not fit."""
    for task in tasks:
        _check_classes(task, folder, other, run)
    _check_imagery(folder, other, prepared)
    _check_standardisation(folder, other, run)


def _check_classes(task: str, folder: str, other: Run, run: Run) -> None:
    mine, theirs = ([each.name for each in getattr(which, f"{task}_classes")] for which in (run, other))
    if mine != theirs:
        raise ConfigError(f"The teachers of {folder} know the {task}_classes {theirs}, and this run has {mine}.")
    if task == "segmentation" and other.background != run.background:
        raise ConfigError(f"The setting background of {folder} is {other.background}, and this run's {run.background}.")


def _check_imagery(folder: str, other: Run, prepared: Prepared) -> None:
    """What was left to the sources is only in the card of a finished run."""
    bands, gsd = _seen(Path(folder)) or (other.bands, other.gsd)
    if bands is not None and list(bands) != list(prepared.bands):
        raise ConfigError(f"The teachers of {folder} see the bands {bands}, and this run has {prepared.bands}.")
    if gsd is not None and not math.isclose(prepared.gsd, gsd, rel_tol=ALIGNED_TOLERANCE):
        raise ConfigError(
            f"The teachers of {folder} work at {gsd:g} m per pixel, and this run at {prepared.gsd:g}.",
            f"Set gsd to {gsd!r}.",
        )


def _check_standardisation(folder: str, other: Run, run: Run) -> None:
    mine, theirs = run.training.source_statistics, other.training.source_statistics
    if mine != theirs:
        raise ConfigError(
            f"The setting training.source_statistics of {folder} is {theirs}, and this run's {mine}.",
            "Make them the same.",
        )


def card_of(folder: Path) -> Card | None:
    """The card of a run's finished model; none where it has not got that far."""
    try:
        return read_card(str(folder))
    except ConfigError:
        return None


def _seen(folder: Path) -> tuple[list[int], float] | None:
    """Bands and ground sampling distance of a run's finished model, whatever else its card says."""
    try:
        card = read_object(folder / "model" / ITEM)["properties"][CARD]
        return card["bands"], card["gsd"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fill(teacher: TrainableNetwork, path: Path, stored: str, name: str, by_source: bool) -> None:
    """Load a teacher's weights.

    Args:
        teacher: to be filled.
        path: `.safetensors`, or a run's last checkpoint, of which the moving average is taken.
        stored: the network's name in its run.
        name: the teacher's, for messages.
        by_source: whether its mean and deviation stay, which are what this run's rasters are mapped onto; standardised
            they are what the teacher has learned.

    Raises:
        ConfigError: there are no such weights, or they are of another network.
    """
    try:
        state = load_weights(path) if path.suffix == ".safetensors" else _last_average(path, stored)
        if by_source:
            state |= {"mean": teacher.mean, "std": teacher.std}
        teacher.load_state_dict(state)
    except (OSError, UnpicklingError, EOFError) as error:
        raise ConfigError(f"There is no trained {name} at {path}; finish that run first.") from error
    except WeightsError as error:
        raise ConfigError(f"The trained {name} at {path} is damaged; put a copy of it back.") from error
    except RuntimeError as error:
        raise ConfigError(f"The {name} at {path} is another network than this run's; give it the same size.") from error


def _last_average(path: Path, stored: str) -> dict[str, Tensor]:
    averages = torch.load(path, map_location="cpu", weights_only=True).get("averages", {})
    if stored not in averages:
        raise ConfigError(f"The checkpoint {path} is of a stage that does not train the {stored}; name another file.")
    return {key.removeprefix(AVERAGED): value for key, value in averages[stored].items() if key.startswith(AVERAGED)}


WEIGHTS = (".safetensors", ".pt")
"""Suffixes of a run's checkpoints, which may be members themselves."""


@dataclass(frozen=True)
class Taught:
    """Teachers that were found.

    Args:
        networks: by name: those that were to be filled, or ensembles in their place.
        notes: sentences for people.
    """

    networks: dict[str, TaskNetwork]
    notes: list[str] = field(default_factory=list)

    @property
    def ensembles(self) -> list[str]:
        """Names of the teachers that are frozen for good."""
        return [name for name, network in self.networks.items() if isinstance(network, Ensemble)]


@dataclass(frozen=True)
class _Member:
    path: str
    network: TaskNetwork
    spec: Network


def untaught(teachers_from: TeachersFrom, names: Collection[str]) -> list[str]:
    """The teachers that a run trains itself: all where it names no run, else those it names none for.

    Raises:
        ConfigError: it names one for a teacher that it does not have.
    """
    if not isinstance(teachers_from, dict):
        return [] if teachers_from else list(names)
    if strange := sorted(set(teachers_from) - set(names)):
        raise ConfigError(
            f"There is no teacher {strange[0]} in this recipe; recipe.teachers_from can name {' and '.join(names)}."
        )
    return [name for name in names if name not in teachers_from]


def load_teachers(
    teachers_from: TeachersFrom, names: Sequence[str], networks: dict[str, nn.Module], run: Run, prepared: Prepared
) -> Taught:
    """Fill teachers with trained weights, or put ensembles in their place.

    A path names a run folder, whose network of the teacher's name is taken (of a supervised run its only one), one of
    its checkpoints (`.safetensors`, or `last.pt` for its last moving average), or a model package's folder. A finished
    run of a recipe that has no such teacher (SSLKD's, for a student of two tasks) teaches by its model. A run folder
    alone fills the network that this run describes; packages, checkpoints and members of a list are built as
    they were trained.

    Args:
        teachers_from: a path or a list for all teachers, or of each by its name.
        names: of the teachers.
        networks: they and the student, by name.
        run: this run.
        prepared: its sources.

    Raises:
        ConfigError: what a path names has other classes, bands, ground sampling distance, networks or (detection) a
            head of other places, or is not finished; a teacher has no path, or two that name the same network.
    """
    named = {name: _paths(teachers_from, name) for name in names}
    found: dict[str, TaskNetwork] = {}
    notes: list[str] = []
    waiting: dict[str, tuple[TrainableNetwork, Path, str]] = {}
    for name, paths in named.items():
        teacher, alone = network_of(networks, name), isinstance(paths, str) or len(paths) == 1
        if alone and not isinstance(paths, str):
            notes.append(f"The {name.replace('_', ' ')} is an ensemble of one network, which is that network alone.")
        path = paths if isinstance(paths, str) else paths[0]
        if alone and _trains(Path(path), name):
            found[name], waiting[name] = teacher, (teacher, *checked(path, name, teacher, run, prepared))
            continue
        members = [_member(each, name, teacher, run, prepared) for each in ([path] if alone else paths)]
        _check_members(name, members, network_of(networks, "student"))
        lines = (f"{each.path} ({describe(each.spec, each.network)})" for each in members)
        words = f"ensemble of {len(members)}, frozen: " if len(members) > 1 else ""
        found[name] = ensemble = Ensemble([each.network for each in members], teacher.tasks, words + "; ".join(lines))
        if not alone:
            notes.append(cost(name, ensemble, getattr(run.recipe, "mirrored_answers", False)))
    for name, (teacher, weights, stored) in waiting.items():  # once all are known to fit
        fill(teacher, weights, stored, name, run.training.source_statistics)
    return Taught(found, notes)


def check_frozen(taught: Taught, co_training: bool) -> None:
    """Raise ConfigError where a teacher that cannot learn is asked to go on learning."""
    if co_training and taught.ensembles:
        raise ConfigError(
            f"The {taught.ensembles[0]} of recipe.teachers_from is an ensemble or a finished model and learns no more.",
            "Set co_training to false, or name one run folder.",
        )


def _paths(teachers_from: TeachersFrom, name: str) -> str | list[str]:
    paths = teachers_from.get(name) if isinstance(teachers_from, dict) else teachers_from
    if paths is None:
        raise ConfigError(f"recipe.teachers_from has no run folder for {name}; give one.")
    if not paths:
        raise ConfigError(f"The list of recipe.teachers_from for {name} is empty; name at least one run folder.")
    return paths


def _trains(path: Path, name: str) -> bool:
    """Whether a path is (to be) a run folder with such a teacher; what is neither a file nor a package is missing."""
    if not (path / RUN_FILE).is_file():
        return not path.is_file() and not (path / ITEM).is_file()
    recipe = load_run(path).recipe
    return isinstance(recipe, Supervised) or hasattr(recipe, name)


def _member(path: str, name: str, teacher: TaskNetwork, run: Run, prepared: Prepared) -> _Member:
    """A network as it was trained, with its weights."""
    place = Path(path)
    if not _trains(place, name) and place.suffix not in WEIGHTS:
        if (place / RUN_FILE).is_file() and card_of(place) is None:
            raise ConfigError(
                f"The run {path} trains no {name} and has no model yet that could teach; finish it first."
            )
        return _of_package(path, teacher.tasks, run, prepared)
    folder = place.parent.parent if place.is_file() else place
    other = load_run(folder)
    check_run(str(folder), other, teacher.tasks, run, prepared)
    stored = stored_as(other, name)
    spec, tasks = _spec(folder, other, name, run), teacher.tasks
    if isinstance(other.recipe, Supervised):
        tasks = tuple(task for task in tasks_of(other) if task in (other.recipe.tasks or tasks_of(other)))
    bare = spec.model_copy(update={"weights": "none"})
    network = standardised_by(prepared, bare, tasks, other, run.training.seed)
    weights = place if place.is_file() else best_weights(folder, stored)
    fill(network, weights, stored, name, run.training.source_statistics)
    return _Member(path, network.eval(), spec)


def _spec(folder: Path, other: Run, name: str, run: Run) -> Network:
    """A teacher's settings in its own run; levels that it left to its labels are in its card."""
    card = card_of(folder)
    theirs = card.network if card is not None else None
    if isinstance(other.recipe, Supervised):
        return theirs or _with_levels(other.recipe.network, getattr(run.recipe, name))
    spec = getattr(other.recipe, name, None)
    if not isinstance(spec, Network):
        raise ConfigError(f"The run {folder} trains no {name}; name one of the recipe supervised or {run.recipe.kind}.")
    return _with_levels(spec, theirs or getattr(run.recipe, name))


def _with_levels(spec: Network, other: Network) -> Network:
    if spec.detection_strides is not None:
        return spec
    return spec.model_copy(update={"detection_strides": other.detection_strides})


def _of_package(path: str, tasks: tuple[Task, ...], run: Run, prepared: Prepared) -> _Member:
    network, card = load_package_teacher(path)
    for task in tasks:
        _check_task(path, task, card, run)
    check_imagery(run, prepared, card)
    if run.training.source_statistics != bool(card.source_statistics):
        raise ConfigError(
            f"The package {path} and this run differ in training.source_statistics.", "Make them the same."
        )
    if run.training.source_statistics:
        network.restandardise(prepared.mean, prepared.std)
    return _Member(path, network, given(card.network))


def _check_task(path: str, task: Task, card: Card, run: Run) -> None:
    if task not in card.tasks:
        raise ConfigError(f"The package {path} has no {task}; name another teacher.")
    mine, theirs = ([each.name for each in getattr(which, f"{task}_classes")] for which in (run, card))
    if mine != theirs:
        raise ConfigError(f"The package {path} knows the {task}_classes {theirs}, and this run has {mine}.")
    if task == "segmentation" and card.background != run.background:
        raise ConfigError(f"The setting background of {path} is {card.background}, and this run's {run.background}.")


def _check_members(name: str, members: list[_Member], student: TaskNetwork) -> None:
    """Members of detection must answer for the student's places, and no network may count twice."""
    for each in members:
        mine, theirs = (getattr(network, "detection_head", None) for network in (student, each.network))
        if mine is not None and theirs is not None and _places(mine) != _places(theirs):
            raise ConfigError(
                f"The member {each.path} of the {name} detects with {_places(theirs)}, and the student with "
                f"{_places(mine)}.",
                "Give the student the same detection_head and detection_strides, or leave that member out.",
            )
    for first, second in combinations(members, 2):
        if _same(first.network, second.network):
            raise ConfigError(
                f"The {name} of recipe.teachers_from has the same network twice, {first.path} and {second.path}; leave "
                "one out."
            )


def _places(head: DetectionHead) -> str:
    """What decides where a head's scores and boxes are."""
    return f"{type(head).__name__.removesuffix('Head')} on strides {sorted(head.strides)}"


def _same(first: nn.Module, second: nn.Module) -> bool:
    mine, theirs = first.state_dict(), second.state_dict()
    return mine.keys() == theirs.keys() and all(
        value.shape == theirs[key].shape and torch.equal(value, theirs[key]) for key, value in mine.items()
    )
