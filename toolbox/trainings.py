"""The trainings: partial multi-task, semi-supervised, plain, and a finished model taught to a smaller one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
)

from ..jobs.errors import GeoDistilError
from ..jobs.packages import copy_teacher, facts, heads_of, package_path, read_card
from ..jobs.progress import spoken
from ..jobs.run_folder import RoleLayers, merge_patch
from ..jobs.runs.files import TEACHER
from ..jobs.translation import tr
from .base import Parameters, sentences
from .parameters import model_parameter
from .training import AnySources, TrainingAlgorithm


class TrainPartialMultitask(TrainingAlgorithm):
    """The recipe `partial_multitask`."""

    NAME = "trainpartialmultitask"
    KIND = "partial_multitask"
    TITLE = tr("Train from boxes and areas")
    SUMMARY = tr("One network for detection and segmentation from imagery that is labelled for only one of them each.")
    HELP = tr(
        "Trains one small network that finds objects and maps areas, from imagery where some layers have boxes and "
        "others have areas. Two large teachers learn one task each; the small student learns both from the labels and, "
        "where a label is missing, from the teacher (arXiv 2405.15394).\n\n"
        "Detection labels may be polygons (their extents count) or points (with the side of their box). "
        "Segmentation labels may be polygons or a class raster.\n\n"
        "The labelled area matters: inside it, ground without a label is taken as background.\n\n"
        "Cancelling writes a checkpoint; the same settings and run folder continue from it. The run folder is "
        "complete: copy it to a server, run `python -m engine train FOLDER` there and copy it back."
    )
    TAGS = ("train", "multi-task", "distillation", "detection", "segmentation", "teacher", "student")
    METRICS = {  # noqa: RUF012
        "MEAN_IOU": ("segmentation/mean_iou", tr("Mean IoU on validation blocks")),
        "AP50": ("detection/ap50", tr("AP50 on validation blocks")),
        "AP": ("detection/ap", tr("AP on validation blocks")),
    }

    def add_sources(self) -> None:
        """Boxes, areas, and imagery without labels."""
        self.add_labelled("detection")
        self.add_labelled("segmentation")
        self.add_unlabelled(optional=True)

    def add_recipe(self) -> None:
        """Sizes of the student and of its teachers."""
        self.add_size("STUDENT", tr("Size of the network"), "small")
        self.add_size("TEACHER", tr("Size of its teachers"), "medium")

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """Detection, segmentation, unlabelled."""
        labelled = [self.labelled(role, parameters, context) for role in ("detection", "segmentation")]
        return [*labelled, *self.unlabelled(parameters, context)]

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """Student and teachers; teachers speak on unlabelled imagery where there is any."""
        teacher = self.size("TEACHER", parameters, context)
        return {
            "kind": self.KIND,
            "student": self.size("STUDENT", parameters, context),
            "detection_teacher": teacher,
            "segmentation_teacher": teacher,
            "unlabelled": bool(self.unlabelled(parameters, context)),
        }


class TrainSemiSupervised(TrainingAlgorithm):
    """The recipe `semi_supervised`."""

    NAME = "trainsemisupervised"
    KIND = "semi_supervised"
    TITLE = tr("Train from few areas and much imagery")
    SUMMARY = tr("A segmentation network from few labelled areas and much imagery without labels (SSLKD).")
    HELP = tr(
        "Trains one small segmentation network from few labelled areas and much unlabelled imagery (SSLKD, arXiv "
        "2402.05305). Two large teachers of different architecture correct each other on the unlabelled imagery; the "
        "small student learns from the labels and from both.\n\n"
        "The labelled imagery outside its labelled area may be given as unlabelled imagery too.\n\n"
        "Labels may be polygons or a class raster. The labelled area matters: inside it, ground without a label is "
        "taken as background.\n\n"
        "Cancelling writes a checkpoint; the same settings and run folder continue from it."
    )
    TAGS = ("train", "semi-supervised", "SSLKD", "distillation", "segmentation", "roads", "teacher", "student")
    METRICS = {"MEAN_IOU": ("segmentation/mean_iou", tr("Mean IoU on validation blocks"))}  # noqa: RUF012

    def add_sources(self) -> None:
        """Areas, and imagery without labels."""
        self.add_labelled("segmentation")
        self.add_unlabelled(optional=False)

    def add_recipe(self) -> None:
        """Sizes of the student and of the first teacher."""
        self.add_size("STUDENT", tr("Size of the network"), "small")
        self.add_size("TEACHER", tr("Size of its first teacher"), "medium")

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """Segmentation, unlabelled."""
        return [self.labelled("segmentation", parameters, context), *self.unlabelled(parameters, context)]

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """Student and first teacher; the second teacher's other architecture is the engine's choice."""
        return {
            "kind": self.KIND,
            "student": self.size("STUDENT", parameters, context),
            "first_teacher": self.size("TEACHER", parameters, context),
        }


class TrainSupervised(AnySources):
    """The recipe `supervised`."""

    NAME = "trainsupervised"
    KIND = "supervised"
    TITLE = tr("Train from labels")
    SUMMARY = tr("One network for detection, segmentation or both, from labels alone, without teachers.")
    HELP = tr(
        "Trains one network on labels alone: on boxes, on areas, or on both. There are no teachers, so it is the "
        "quickest training, and the one to compare distilled networks with.\n\n"
        "Where some imagery has boxes and other has areas, 'Train from boxes and areas' usually does better; with few "
        "areas and much imagery, 'Train from few areas and much imagery' does.\n\n"
        "The labelled area matters: inside it, ground without a label is taken as background.\n\n"
        "Cancelling writes a checkpoint; the same settings and run folder continue from it."
    )
    TAGS = ("train", "supervised", "detection", "segmentation", "baseline")
    METRICS = TrainPartialMultitask.METRICS
    UNLABELLED = False

    def add_recipe(self) -> None:
        """The network's size."""
        self.add_size("NETWORK", tr("Size of the network"), "small")

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """One network."""
        return {"kind": self.KIND, "network": self.size("NETWORK", parameters, context)}


class DistilModel(AnySources):
    """The recipe `distil`."""

    NAME = "distilmodel"
    KIND = "distil"
    TITLE = tr("Distil a model")
    SUMMARY = tr("A smaller, faster network that answers as an existing model does, from any imagery.")
    HELP = tr(
        "Teaches an existing model to another, usually smaller network. The model answers on the imagery, and the "
        "student learns to answer the same; no labels are needed, and the imagery may be any that the model can "
        "read.\n\n"
        "Labels help where there are any: the student learns from them too, and their validation blocks choose its "
        "best weights. Their classes must be the model's. Without labels nothing validates, and the last weights "
        "are kept; evaluate them on labelled ground.\n\n"
        "Classes, bands and ground sampling distance are the model's. It is copied into the run folder, which is "
        "thus complete: it can be copied to a server and trained there."
    )
    ICON = "distil"
    TAGS = ("train", "distillation", "compress", "smaller", "faster", "teacher", "student", "unlabelled")
    METRICS = TrainPartialMultitask.METRICS
    STARTS = False
    NEEDED = ("unlabelled", "detection", "segmentation")

    def __init__(self) -> None:
        super().__init__()
        self._package = Path()
        self._card: dict[str, Any] = {}

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """As other trainings, without what the model decides."""
        super().initAlgorithm(configuration)
        for name in ("GSD", "BACKGROUND"):
            self.removeParameter(name)

    def add_sources(self) -> None:
        """The model, imagery, and labels where there are any."""
        self.addParameter(
            model_parameter("PACKAGE", tr("Model that teaches (folder, zip, or item.json)"), foreign=False)
        )
        self.add_unlabelled(optional=True)
        self.add_labelled_sources()

    def add_recipe(self) -> None:
        """The student's size."""
        self.add_size("STUDENT", tr("Size of the network"), "small")

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package that has the tasks of the labels."""
        try:
            card = read_card(package_path(self.parameterAsString(parameters, "PACKAGE", context)))
        except GeoDistilError as error:
            return str(error)
        missing = [role for role in self.roles(parameters, context) if role not in card["tasks"]]
        if missing:
            return tr("The model {name} has no {task}, so labels for it cannot be used.").format(
                name=card["name"], task=spoken(missing[0])
            )
        return super().problem(parameters, context)

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Look at the layers, and give the run the model's classes, bands and resolution."""
        self._package = package_path(self.parameterAsString(parameters, "PACKAGE", context))
        self._card = read_card(self._package)
        options = json.loads(self.parameterAsString(parameters, "OPTIONS", context) or "{}")
        options = json.dumps(merge_patch(facts(self._card), options))
        super().look({**parameters, "OPTIONS": options}, context, feedback)

    def write_run(self, feedback: QgsProcessingFeedback) -> bool:
        """Write the run folder, with the model in it; whether it is there."""
        if not super().write_run(feedback):
            return False
        with sentences(feedback):
            copy_teacher(self._package, self._folder)
        return True

    def labelled(self, role: str, parameters: Parameters, context: QgsProcessingContext) -> RoleLayers:
        """The layers of one role; whether there is background, the model says."""
        layers = super().labelled(role, parameters, context)
        layers.background = self._card.get("background", True)
        return layers

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """A student whose detections can be compared with its teacher's one by one."""
        return {
            "kind": self.KIND,
            "package": TEACHER,
            "student": {**self.size("STUDENT", parameters, context), **heads_of(self._card)},
        }
