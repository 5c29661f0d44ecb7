"""Partial multi-task training: boxes here, areas there, one network for both."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ..jobs.run_folder import RoleLayers
from .base import Parameters, advanced, explained
from .training import Double, TrainingAlgorithm

DISTILLATION = ["soft", "feature", "pdf"]


class TrainPartialMultitask(TrainingAlgorithm):
    """The recipe `partial_multitask`."""

    NAME = "trainpartialmultitask"
    TITLE = "Train from boxes and areas"
    SUMMARY = "One network for detection and segmentation from imagery that is labelled for only one of them each."
    HELP = (
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
        "MEAN_IOU": ("segmentation/mean_iou", "Mean IoU on validation blocks"),
        "AP50": ("detection/ap50", "AP50 on validation blocks"),
        "AP": ("detection/ap", "AP on validation blocks"),
    }

    def add_sources(self) -> None:
        """Boxes, areas, and imagery without labels."""
        self.add_labelled(
            "detection",
            "Detection: labels",
            [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorPoint],
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "BOX_SIZE", "Detection: side of the box around a point (metres)", Double, optional=True, minValue=0
            )
        )
        self.add_labelled(
            "segmentation",
            "Segmentation: labels (polygons or class raster)",
            [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeRaster],
        )
        self.add_unlabelled(optional=True)

    def add_recipe(self) -> None:
        """Sizes and the distillation terms."""
        self.add_size("STUDENT", "Size of the network", "small")
        self.add_size("TEACHER", "Size of its teachers", "large")
        self.addParameter(
            advanced(
                explained(
                    QgsProcessingParameterEnum(
                        "DISTILLATION",
                        "Distillation",
                        DISTILLATION,
                        allowMultiple=True,
                        defaultValue=[0],
                        optional=True,
                    ),
                    "What the student learns from its teachers: their answers (soft), their features (feature), their "
                    "features where answers differ (pdf). None: no teachers are trained.",
                )
            )
        )

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """Points need a box size."""
        labels = self.parameterAsVectorLayer(parameters, "DETECTION_LABELS", context)
        points = labels is not None and labels.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
        if points and not self.parameterAsDouble(parameters, "BOX_SIZE", context):
            return f"The detection labels {labels.name()} are points: give the side of the box around a point."
        return super().problem(parameters, context)

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """Detection, segmentation, unlabelled."""
        detection = self.labelled("detection", parameters, context)
        detection.box_size = self.parameterAsDouble(parameters, "BOX_SIZE", context) or None
        return [detection, self.labelled("segmentation", parameters, context), *self.unlabelled(parameters, context)]

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """Student, teachers and distillation; teachers speak on unlabelled imagery where there is any."""
        teacher = self.size("TEACHER", parameters, context)
        return {
            "kind": "partial_multitask",
            "student": self.size("STUDENT", parameters, context),
            "detection_teacher": teacher,
            "segmentation_teacher": teacher,
            "distillation": [DISTILLATION[i] for i in self.parameterAsEnums(parameters, "DISTILLATION", context)],
            "unlabelled": bool(self.unlabelled(parameters, context)),
        }
