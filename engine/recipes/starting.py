"""Going on from a finished model (`start_from`): its network, with heads for the run's classes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..config import Card, Continued, Network, Run, recipe_of
from ..data import Prepared
from ..errors import ConfigError
from ..models import Loaded, TrainableNetwork, transfer
from ..models.encoders import STRIDES
from ..types import Task, given
from .build import build_network, keep_statistics, standardised_by
from .forgetting import NOTHING, OLD, Lesson
from .package_teacher import check_imagery, load_package_teacher, read_card

SHIPPED = {"supervised": "network", "partial_multitask": "student", "semi_supervised": "student"}
"""The setting of the network that ships, of each recipe that can go on from a model."""
OF_TRAINING = {"weights", "batch_norm"}
"""Settings of a network that say how it is trained, not what it is."""

RANGES = {"uint8", "uint16", "uint32"}
"""Types of values whose ranges differ for sure."""


@dataclass(frozen=True)
class Student:
    """The network that ships, as its first stage finds it.

    Args:
        network: with random or pretrained weights, or those of the model it goes on from.
        begun: whether it goes on from a model.
        lesson: what that model goes on teaching.
        teaching: that model by its name, where it teaches.
    """

    network: TrainableNetwork
    begun: bool = False
    lesson: Lesson = NOTHING
    teaching: dict[str, TrainableNetwork] = field(default_factory=dict)

    @property
    def arrives(self) -> tuple[str, ...]:
        """For a stage: the student's name where it arrives trained."""
        return ("student",) if self.begun else ()


def with_start(run: Run) -> Run:
    """The run with the network of the model that it goes on from; the run itself where there is none.

    Raises:
        ConfigError: the model cannot be trained, or the run asks for another network.
    """
    recipe = run.recipe
    if not isinstance(recipe, Continued) or not recipe.start_from:
        return run
    if run.training.pretraining:
        raise ConfigError("The option training.pretraining would make the model of start_from forget.", "Set it to 0.")
    key = SHIPPED[recipe.kind]
    spec = _network(getattr(recipe, key), read_card(recipe.start_from), f"recipe.{key}")
    return run.model_copy(update={"recipe": recipe.model_copy(update={key: spec})})


def build_student(spec: Network, tasks: tuple[Task, ...], run: Run, prepared: Prepared) -> Student:
    """The network that ships: new, or that of the model which the run goes on from.

    The model's mean and deviation are kept, for its weights have learned what pixels look like under them: with this
    run's own, the same ground would look different. Only where each raster is standardised by itself they are this
    run's, onto which its rasters are mapped.

    Raises:
        WeightsError: encoder weights cannot be had.
        ConfigError: the model does not fit the run.
    """
    recipe = recipe_of(run, Continued)
    if not recipe.start_from:
        if recipe.learning_without_forgetting:
            raise ConfigError("The option learning_without_forgetting needs a model to start_from; name its package.")
        return Student(build_network(spec, tasks, run, prepared, seed=run.training.seed))
    trained, card = load_package_teacher(recipe.start_from)
    _check(run, tasks, prepared, card)
    classes, known = channels(run, tasks), channels(card, tasks)
    bare = spec.model_copy(update={"weights": "none"})
    network = standardised_by(card, bare, tasks, run, run.training.seed)
    transfer(network, trained, classes, known)
    if run.training.source_statistics:
        network.restandardise(prepared.mean, prepared.std)
    tensors = len(network.state_dict())
    network.loaded = Loaded(tensors, tensors, _words(card.name, classes, known))
    keep_statistics(network, spec, run)
    if not recipe.learning_without_forgetting:
        return Student(network, begun=True)
    return Student(network, True, Lesson.of(run, prepared, classes, known), {OLD: trained})


def channels(owner: Run | Card, tasks: tuple[Task, ...]) -> dict[Task, list[str]]:
    """Names of the channels of each task's head."""
    every = {"detection": owner.detection_classes, "segmentation": owner.segmentation_channels()}
    return {task: [each.name for each in every[task]] for task in tasks}


def _network(asked: Network, card: Card, key: str) -> Network:
    """The model's network; what the run leaves to the default is taken, what it asks for must be the same."""
    theirs = given(card.network).model_copy(update={"batch_norm": asked.batch_norm})
    if "detection" in card.tasks:
        theirs = theirs.model_copy(update={"detection_strides": _levels(theirs)})
    default = Network()
    for name in sorted(set(Network.model_fields) - OF_TRAINING):
        mine, other = getattr(asked, name), getattr(theirs, name)
        if name == "detection_strides" and mine is not None:
            mine, other = _levels(asked), _levels(theirs)
        if mine not in (getattr(default, name), other):
            raise ConfigError(
                f"The setting {key}.{name} is {mine}, and the model {card.name} of start_from has {other}.",
                "Leave it out.",
            )
    return theirs


def _levels(spec: Network) -> list[int]:
    return sorted(set(spec.detection_strides or STRIDES))


def _check(run: Run, tasks: tuple[Task, ...], prepared: Prepared, card: Card) -> None:
    if set(tasks) != set(card.tasks):
        mine, theirs = (" and ".join(sorted(each)) for each in (tasks, card.tasks))
        raise ConfigError(
            f"The model {card.name} of start_from does {theirs}, and this run trains {mine}.",
            "Give sources of the same roles, or start from another model.",
        )
    if run.training.source_statistics != bool(card.source_statistics):
        was, now = ("with", "without") if card.source_statistics else ("without", "with")
        raise ConfigError(
            f"The model {card.name} of start_from was trained {was} training.source_statistics, and this run is {now}.",
            "Make them the same.",
        )
    check_imagery(run, prepared, card)
    if not run.training.source_statistics and prepared.dtype != card.dtype and {prepared.dtype, card.dtype} <= RANGES:
        raise ConfigError(
            f"The model {card.name} of start_from was made for {card.dtype} values, and this run has {prepared.dtype}.",
            "Give imagery with values like those it was trained on.",
        )


def _words(name: str, classes: dict[Task, list[str]], known: dict[Task, list[str]]) -> str:
    """What was taken, for people."""
    parts = [f"model {name}"]
    for task, names in classes.items():
        new = [each for each in names if each not in known[task]]
        gone = [each for each in known[task] if each not in names]
        parts += [f"new {task} classes: {', '.join(new)}"] if new else []
        parts += [f"{task} classes left out: {', '.join(gone)}"] if gone else []
    return "; ".join(parts)
