"""Semi-supervised training: few labelled areas, much imagery."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext

from ..jobs.run_folder import RoleLayers
from ..jobs.translation import tr
from .base import Parameters
from .training import TrainingAlgorithm


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
