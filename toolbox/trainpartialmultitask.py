"""Partial multi-task training: boxes here, areas there, one network for both."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext

from ..jobs.run_folder import RoleLayers
from ..jobs.translation import tr
from .base import Parameters
from .training import TrainingAlgorithm


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
