"""Partial multi-task training: boxes here, areas there, one network for both."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ..jobs.run_folder import RoleLayers
from ..jobs.translation import tr
from .base import Parameters
from .training import Double, TrainingAlgorithm


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
        self.add_labelled(
            "detection",
            tr("Detection: labels"),
            [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorPoint],
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "BOX_SIZE", tr("Detection: side of the box around a point (metres)"), Double, optional=True, minValue=0
            )
        )
        self.add_labelled(
            "segmentation",
            tr("Segmentation: labels (polygons or class raster)"),
            [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeRaster],
        )
        self.add_unlabelled(optional=True)

    def add_recipe(self) -> None:
        """Sizes of the student and of its teachers."""
        self.add_size("STUDENT", tr("Size of the network"), "small")
        self.add_size("TEACHER", tr("Size of its teachers"), "large")

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """Points need a box size."""
        labels = self.parameterAsVectorLayer(parameters, "DETECTION_LABELS", context)
        points = labels is not None and labels.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
        if points and not self.parameterAsDouble(parameters, "BOX_SIZE", context):
            return tr("The detection labels {labels} are points: give the side of the box around a point.").format(
                labels=labels.name()
            )
        return super().problem(parameters, context)

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """Detection, segmentation, unlabelled."""
        detection = self.labelled("detection", parameters, context)
        detection.box_size = self.parameterAsDouble(parameters, "BOX_SIZE", context) or None
        return [detection, self.labelled("segmentation", parameters, context), *self.unlabelled(parameters, context)]

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
