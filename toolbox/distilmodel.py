"""A finished model taught to a smaller network."""

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
from .training import AnySources
from .trainpartialmultitask import TrainPartialMultitask


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
