"""Going on from a finished model (`start_from`) without forgetting: docs/methods.md, section 3.

The model that a run goes on from teaches its own classes wherever labels say nothing of them: on chips of the other
task, on unlabelled ones, and on those of a source that has not one label of a class. There the absence of a label does
not mean background, which would teach the class away (Cermelli et al., arXiv 2002.00718): what the network says of
such a class is added to its background before the loss compares it with labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import shapely
import torch
from torch import Tensor

from .. import ranks
from ..config import Card, Continued, Network, Run, recipe_of
from ..data import Prepared
from ..data.raster import to_lonlat
from ..distillation import (
    Targets,
    soft_centerness,
    soft_detection_classification,
    soft_detection_regression,
    soft_segmentation,
)
from ..errors import ConfigError
from ..models import Loaded, TrainableNetwork, anchors_valid, transfer
from ..models.encoders import STRIDES
from ..models.storage import BACKGROUND
from ..types import Batch, Detections, Outputs, Role, Task, given
from .build import build_network, check_imagery, keep_statistics, load_package_teacher, read_card, standardised_by
from .plan import Batches, Networks, network_of, predict

OLD = "old model"
"""The frozen network's name among a plan's."""
NEVER = -1e4
"""Logit of what takes no part: its probability, loss and gradient are zero."""
MOST = 0.5
"""Share of the old model's ground that a run should have imagery of."""
DETECTION = 2.0
"""Weight of detection's term beside segmentation's, as in distillation."""


@dataclass(frozen=True)
class Lesson:
    """Which classes the old model teaches where; the empty lesson changes nothing.

    Args:
        weight: of its terms.
        classes: names of the run's channels by task, background included.
        known: those of the old model.
        silent: (C,) bool by task and source: classes of the old model that none of the source's labels is of.
        mixed: whether chips hold parts of others, perhaps of another source (CutMix).
    """

    weight: float = 0.0
    classes: Mapping[Task, list[str]] = field(default_factory=dict)
    known: Mapping[Task, list[str]] = field(default_factory=dict)
    silent: Mapping[tuple[Task, str], Tensor] = field(default_factory=dict)
    mixed: bool = False

    @classmethod
    def of(cls, run: Run, prepared: Prepared, classes: dict[Task, list[str]], known: dict[Task, list[str]]) -> Lesson:
        """The lesson for a run's sources."""
        silent = {}
        for source in prepared.sources:
            if source.role in classes:
                names = classes[source.role]
                shift = int(BACKGROUND in names and run.background and source.role == "segmentation")
                labelled = {names[index + shift] for index in source.points.by_class()}
                silent[source.role, source.name] = _old(names, known[source.role]) & torch.tensor(
                    [name not in labelled for name in names]
                )
        mixed = bool(getattr(run.recipe, "cutmix", 0.0))
        weight = recipe_of(run, Continued).learning_without_forgetting
        return cls(weight, classes, known, silent, mixed)

    def asks(self, role: Role) -> tuple[Task, ...]:
        """The tasks in which the old model has something to teach on some of a role's chips."""
        if not self.weight:
            return ()
        taught = {
            task: [each for (of, _), each in self.silent.items() if of == task]
            if task == role
            else [_old(names, self.known[task])]
            for task, names in self.classes.items()
        }
        return tuple(task for task, masks in taught.items() if any(mask.any() for mask in masks))

    def wanted(self, role: Role, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        """The heads that a learning network of some tasks needs on a role's chips: the labels', and the lesson's."""
        return tuple(task for task in tasks if task == role or task in self.asks(role))

    def heard(self, outputs: Outputs, batch: Batch) -> Outputs:
        """Outputs as the labels of a batch can judge them: without the classes that they say nothing of."""
        if batch.role not in self.asks(batch.role):
            return outputs
        silent = self._taught(batch.role, batch)
        if batch.role == "segmentation":
            mask = given(batch.mask)
            places = mask.clamp(max=silent.shape[1] - 1).flatten(1)
            said = silent.gather(1, places).view(mask.shape)  # by the label of another chip's part
            kept = ~silent[:, :, None, None] | said[:, None]
            return replace(
                outputs, segmentation=_only(given(outputs.segmentation), kept, self._background(self.classes))
            )
        found = given(outputs.detections)
        logits = found.logits.masked_fill(silent[:, None], NEVER)
        return replace(outputs, detections=replace(found, logits=logits))

    def terms(
        self, networks: Networks, outputs: Mapping[Role, Outputs], batches: Batches, learner: str = ""
    ) -> dict[str, Tensor]:
        """What the old model asks of a learner's outputs, as weighted named scalars.

        Args:
            networks: the plan's.
            outputs: the learner's on each role's batch.
            batches: as the learner has seen them.
            learner: its name, where several learn.
        """
        named: dict[str, Tensor] = {}
        for role, mine in outputs.items():
            has = {"detection": mine.detections, "segmentation": mine.segmentation}
            tasks = [task for task in self.asks(role) if has[task] is not None]
            theirs = predict(network_of(networks, OLD), batches[role].image, tasks) if tasks else None
            for task in tasks:
                asked = self._asked(task, mine, given(theirs), batches[role])
                named |= {f"{role}/{learner}{task} old {key}": self.weight * term for key, term in asked.items()}
        return named

    def _asked(self, task: Task, mine: Outputs, theirs: Outputs, batch: Batch) -> dict[str, Tensor]:
        if task == "segmentation":
            return self._segmentation(given(mine.segmentation), given(theirs.segmentation), batch)
        return self._detection(given(mine.detections), given(theirs.detections), batch)

    def _segmentation(self, mine: Tensor, theirs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Each class taught against all others together, which the old model calls background."""
        task: Task = "segmentation"
        taught, valid = self._taught(task, batch), batch.valid
        if batch.role == task:  # a pixel with a label of its own is of none of them
            valid = valid & (batch.mask == 0) if self._background(self.classes) else torch.zeros_like(valid)
        both = self._background(self.classes) and self._background(self.known)
        kept = torch.tensor([name in self.classes[task] for name in self.known[task]], device=theirs.device)
        theirs = _mapped(_only(theirs, kept[None, :, None, None], both), self.known[task], self.classes[task], dim=1)
        taught = taught[:, :, None, None]
        return {"soft": soft_segmentation(_only(mine, taught, both), _only(theirs, taught, both), valid)}

    def _detection(self, mine: Detections, theirs: Detections, batch: Batch) -> dict[str, Tensor]:
        """Scores of the classes taught, and boxes and centerness where the old model finds them."""
        untaught = ~self._taught("detection", batch)[:, None]
        valid = anchors_valid(mine.anchors, batch.valid)
        logits = _mapped(theirs.logits, self.known["detection"], self.classes["detection"], dim=2)
        logits = logits.masked_fill(untaught, NEVER)
        scores = mine.logits.masked_fill(untaught, NEVER)
        terms = {
            "soft": soft_detection_classification(scores, logits, valid),
            "soft box": soft_detection_regression(mine.regression, Targets(theirs.regression, logits), valid),
        }
        if mine.centerness is not None:
            centerness = Targets(given(theirs.centerness), logits)
            terms["soft centerness"] = soft_centerness(mine.centerness, centerness, valid)
        return {key: DETECTION * term for key, term in terms.items()}

    def _taught(self, task: Task, batch: Batch) -> Tensor:
        """(B, C) bool: the classes of the old model that a batch's labels say nothing of."""
        every = _old(self.classes[task], self.known[task])
        rows = torch.stack([self.silent[task, name] if batch.role == task else every for name, _, _ in batch.chips])
        if self.mixed and task == "segmentation":
            rows = (ranks.total(rows.sum(dim=0)) > 0).expand_as(rows)
        return rows.to(batch.image.device)

    @staticmethod
    def _background(classes: Mapping[Task, list[str]]) -> bool:
        return classes["segmentation"][0] == BACKGROUND


def missing_ground(run: Run, prepared: Prepared) -> str:
    """A sentence where a model goes on teaching and the run has no imagery of most of the ground that it learned on.

    Nothing keeps the old classes there: they fade into background and new classes (benchmarks/accuracy, table (h)).
    """
    recipe = run.recipe
    if not isinstance(recipe, Continued) or not recipe.start_from or not recipe.learning_without_forgetting:
        return ""
    card = read_card(recipe.start_from)
    if card.geometry is None:
        return ""
    old = shapely.make_valid(shapely.geometry.shape(card.geometry))  # it may be a stranger's
    shown = shapely.union_all([to_lonlat(source.area, source.reader.grid) for source in prepared.sources])
    if old.is_empty or shapely.intersection(old, shown).area >= MOST * old.area:
        return ""
    return (
        f"The model {card.name} was trained on ground of which this run has no imagery: add it as unlabelled, so that "
        "what the model goes on teaching is kept there, too."
    )


NOTHING = Lesson()
"""The empty lesson."""
FIELDS: dict[Task, str] = {"detection": "detections", "segmentation": "segmentation"}


def _old(names: list[str], known: list[str]) -> Tensor:
    """(C,) bool: which of these classes the old model knows; background is none."""
    return torch.tensor([name in known and name != BACKGROUND for name in names])


def _only(logits: Tensor, kept: Tensor, background: bool) -> Tensor:
    """Segmentation's logits (B, K, H, W) of the channels kept, bool that broadcasts to them; the others never occur.

    Where there is a background, channel 0, it takes in their probability.
    """
    left = logits.masked_fill(~kept, NEVER)
    if not background:
        return left
    others = ~kept
    others[:, 0] = True
    whole = logits.masked_fill(~others, NEVER).logsumexp(dim=1, keepdim=True)
    return torch.cat([whole, left[:, 1:]], dim=1)


def _mapped(values: Tensor, known: list[str], names: list[str], dim: int) -> Tensor:
    """The old model's channels in the run's order; classes that it does not know never occur."""
    never = torch.full_like(values.select(dim, 0), NEVER)
    return torch.stack([values.select(dim, known.index(name)) if name in known else never for name in names], dim=dim)


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
