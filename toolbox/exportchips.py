"""Imagery and labels in, chips for other programs out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
)

from ..jobs.run_folder import RunFolder, RunSettings
from ..jobs.translation import tr
from .base import EXCHANGE, Parameters, Results, advanced, explained
from .training import AnySources, Double, Integer

FORMATS = {
    "coco": tr("COCO (one JSON file)"),
    "yolo": tr("YOLO (text files)"),
    "voc": tr("Pascal VOC (XML files, boxes only)"),
    "masks": tr("Masks (pictures of classes, areas only)"),
}
"""The engine's name -> a person's; models store a choice by its place."""
ONLY = {"voc": "detection", "masks": "segmentation"}
"""Format -> the only task that it has room for."""
IMAGES = {"tif": tr("GeoTIFF"), "png": tr("PNG with a world file")}


class ExportChips(AnySources):
    """The engine's `export-chips`."""

    NAME = "exportchips"
    TITLE = tr("Export chips with labels")
    SUMMARY = tr("Cuts imagery and labels into chips for other programs: COCO, YOLO, Pascal VOC, masks.")
    HELP = tr(
        "Cuts the labelled area into square pieces of imagery (chips) and writes them with their labels as other "
        "programs read them: annotation tools such as CVAT, or trainings outside of QGIS. Each chip lies on the map "
        "where it was cut, so that `Import labels` brings the labels back, corrected or drawn anew.\n\n"
        "Give boxes or areas, not both. Pixels of which no labels are known are blank, and 255 in masks: ground "
        "without a label means background to most programs. Objects that a chip's side cuts are in both chips."
    )
    ICON = "chips"
    STARTS = False
    GROUP = EXCHANGE
    UNLABELLED = False
    TAGS = ("export", "chips", "tiles", "COCO", "YOLO", "Pascal VOC", "masks", "annotations", "labels", "CVAT")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Labelled imagery, format, size, folder."""
        self.add_sources()
        self._add_reading()
        self.addParameter(
            explained(
                QgsProcessingParameterEnum("FORMAT", tr("Format"), list(FORMATS.values()), defaultValue=0),
                tr("COCO and YOLO have boxes and areas; Pascal VOC has boxes only, masks have areas only."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterEnum("IMAGES", tr("Images"), list(IMAGES.values()), defaultValue=0),
                tr("A PNG holds 1 or 3 bands of 8 or 16 bits; a GeoTIFF holds any, and says what is not labelled."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterNumber("SIZE", tr("Side of a chip (pixels)"), Integer, 512, False, 16, 8192),
                tr("Chips at the end of the labelled area overlap their neighbours, so that all are of this size."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterNumber("CHIP_OVERLAP", tr("Overlap (pixels)"), Integer, 0, False, 0, 8191),
                tr("What neighbouring chips share: as much as an object is large, and each object is whole in one."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterBoolean("EMPTY", tr("Chips without labels too"), True),
                tr("They show what is background."),
            )
        )
        self.addParameter(
            advanced(
                explained(
                    QgsProcessingParameterNumber(
                        "LEAST_SHARE", tr("Least share of a box (percent)"), Double, 0, False, 0, 100
                    ),
                    tr(
                        "A piece of a box at a chip's side that shows less of it is left out, and its pixels are blank."
                    ),
                )
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterFolderDestination("FOLDER", tr("Folder of chips")),
                tr("A new or an empty folder."),
            )
        )
        self.addOutput(QgsProcessingOutputNumber("COUNT", tr("Number of chips")))

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """One task, a format that has room for it, an overlap below the side."""
        if problem := super().problem(parameters, context):
            return problem
        roles = self.roles(parameters, context)
        if len(roles) > 1:
            return tr("Give boxes or areas, not both: each task has chips of its own.")
        name = self._format(parameters, context)
        if ONLY.get(name, roles[0]) != roles[0]:
            return tr("{format} has no room for these labels: choose COCO or YOLO.").format(format=FORMATS[name])
        if self.parameterAsInt(parameters, "CHIP_OVERLAP", context) >= self.parameterAsInt(parameters, "SIZE", context):
            return tr("The overlap must be smaller than a chip.")
        return ""

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Look at the layers; on the main thread, where they live."""
        self._folder = self.job_folder()
        gsd = self.parameterAsDouble(parameters, "GSD", context) or None
        settings = RunSettings("chips", {"kind": "supervised"}, {}, gsd)
        self._run = RunFolder(self._folder, self.sources(parameters, context), settings)

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Write a run folder among temporary files, and let the engine cut its sources."""
        place = Path(self.parameterAsString(parameters, "FOLDER", context))
        if not self.write_run(feedback):
            return {}
        images = list(IMAGES)[self.parameterAsEnum(parameters, "IMAGES", context)]
        command = ["export-chips", str(self._folder), "--format", self._format(parameters, context)]
        command += ["--images", images, "--output", str(place), "--events", str(self._folder)]
        command += ["--size", str(self.parameterAsInt(parameters, "SIZE", context))]
        command += ["--overlap", str(self.parameterAsInt(parameters, "CHIP_OVERLAP", context))]
        command += ["--least-share", str(self.parameterAsDouble(parameters, "LEAST_SHARE", context) / 100)]
        command += [] if self.parameterAsBool(parameters, "EMPTY", context) else ["--skip-empty"]
        ending = self.run_engine(command, self._folder, feedback)
        if ending.get("kind") != "finished":
            return {}
        count = ending["outputs"]["count"]
        feedback.pushInfo(tr("{count} chips in {folder}.").format(count=count, folder=place))
        return {"FOLDER": str(place), "COUNT": count}

    def _format(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        return list(FORMATS)[self.parameterAsEnum(parameters, "FORMAT", context)]
