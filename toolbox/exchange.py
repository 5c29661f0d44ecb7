"""Labels to other programs and back: chips out of imagery and labels, label layers out of annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
    QgsVectorLayer,
)

from ..jobs.classes import PALETTE
from ..jobs.labelling.styles import style_area
from ..jobs.layers.results import Origin, distinct, place_raster, place_vector
from ..jobs.layers.styled import GROUND, VECTORS, Result, do_not_load
from ..jobs.layers.styles import style_areas, style_boxes, style_class_map
from ..jobs.run_folder import RunFolder, RunSettings
from ..jobs.snapshots import raster_path
from ..jobs.translation import tr
from .base import EXCHANGE, EngineAlgorithm, Parameters, Results, advanced, explained, remote_parameter
from .conversions import listed, repeated
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


AUTO = {"auto": tr("As the files are"), **FORMATS}
ROLES = {"detection": tr("Objects (detection)"), "segmentation": tr("Areas (segmentation)")}
POLYGONS = QgsProcessing.SourceType.TypeVectorPolygon
_FILES = {
    "LABELS": ("--output", "labels.gpkg"),
    "AREA": ("--area", "labelled_area.gpkg"),
    "CLASS_RASTER": ("--class-raster", "classes.tif"),
}
"""Output parameter -> (the engine's option, its file)."""
FILES = tr("Annotations (*.json *.xml *.yaml *.txt *.png *.tif);;All files (*)")
WHOLE_FOLDER = (".txt", ".xml", ".yaml", ".yml", ".png", ".tif", ".tiff")
"""Files of which there are many in a folder: all of them are read."""


class _Read(NamedTuple):
    """What the engine has read: the annotations' file, for which task, and their classes."""

    source: Path
    role: str
    classes: list[str]


class ImportLabels(EngineAlgorithm):
    """The engine's `import-labels`."""

    NAME = "importlabels"
    TITLE = tr("Import labels")
    SUMMARY = tr("Turns COCO, YOLO, Pascal VOC annotations or masks of images into a label layer on the map.")
    HELP = tr(
        "Reads what other programs know of images (boxes, outlines, masks) and puts it where the images lie on the "
        "map, as a label layer that the wizard, the labelling dock and the trainings take. Chips of `Export chips with "
        "labels` come back so, and so does any annotated image with a georeference: a GeoTIFF, or a picture with a "
        "world file.\n\n"
        "Images without a georeference need the raster that they show: of the same name, or the only one, also at "
        "another size. What the images' borders cut up becomes whole again; what several images show comes once."
    )
    ICON = "labels_in"
    GROUP = EXCHANGE
    TAGS = ("import", "COCO", "YOLO", "Pascal VOC", "masks", "annotations", "labels", "CVAT", "boxes", "polygons")

    def __init__(self) -> None:
        super().__init__()
        self._rasters: list[str] = []
        self._folder = Path()

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Annotations, images, how to read them, layers."""
        self.addParameter(
            explained(
                QgsProcessingParameterFile("ANNOTATIONS", tr("Annotations"), fileFilter=FILES),
                tr(
                    "The JSON file of COCO; of YOLO, Pascal VOC and masks any of their files, or the folder's name: "
                    "all files of the folder are read."
                ),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterEnum("FORMAT", tr("Format"), list(AUTO.values()), defaultValue=0),
                tr("As the files are: told by their names and what is in them."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterEnum("ROLE", tr("What labels are"), list(ROLES.values()), defaultValue=0),
                tr("Objects stay apart where they touch; areas of a class that touch become one."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterFile(
                    "IMAGES", tr("Folder of images"), QgsProcessingParameterFile.Behavior.Folder, optional=True
                ),
                tr("Empty: beside the annotations, or in a folder `images` there."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterMultipleLayers(
                    "RASTERS", tr("Rasters that the images show"), QgsProcessing.SourceType.TypeRaster, optional=True
                ),
                tr("Only for images without a georeference: by name, or the only one."),
            )
        )
        for parameter, text in (
            (
                QgsProcessingParameterCrs("CRS", tr("Coordinate reference system of the images"), optional=True),
                tr("Only for images with a world file alone, which does not say it."),
            ),
            (
                QgsProcessingParameterString("NAMES", tr("Class names (number=name, between commas)"), "", False, True),
                tr("For annotations that only number their classes, for example 0=car, 1=bus."),
            ),
            (
                QgsProcessingParameterBoolean("KEEP_PIECES", tr("Leave pieces apart"), False),
                tr("Objects and areas that the images' borders cut stay in pieces, and what several show stays twice."),
            ),
        ):
            self.addParameter(advanced(explained(parameter, text)))
        self.addParameter(remote_parameter())
        self.addParameter(
            explained(
                QgsProcessingParameterVectorDestination("LABELS", tr("Labels"), POLYGONS),
                tr("Polygons with the field `class`."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterVectorDestination("AREA", tr("Labelled area"), POLYGONS, None, True, False),
                tr("The ground of the images: a training must know it where they do not cover the whole raster."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterRasterDestination("CLASS_RASTER", tr("Class raster"), None, True, False),
                tr("The same as pixels: 0 is background, classes from 1 on, 255 is ground without images."),
            )
        )
        self.addOutput(QgsProcessingOutputNumber("COUNT", tr("Number of labels")))

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Find the layers' files; on the main thread, where they live."""
        self._folder = self.job_folder()
        self._rasters = [raster_path(layer) for layer in self.parameterAsLayerList(parameters, "RASTERS", context)]

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine read, then put its layers where they were asked for."""
        wanted = {name: self.parameterAsOutputLayer(parameters, name, context) for name in _FILES}
        wanted = {name: destination for name, destination in wanted.items() if destination}
        ending = self.run_engine(self._arguments(parameters, context, wanted), self._folder, feedback)
        if ending.get("kind") != "finished":
            for destination in wanted.values():
                do_not_load(context, destination)
            return {}
        classes, count = ending["outputs"]["classes"], ending["outputs"]["count"]
        role = list(ROLES)[self.parameterAsEnum(parameters, "ROLE", context)]
        source = Path(self.parameterAsString(parameters, "ANNOTATIONS", context))
        for name, destination in wanted.items():
            self._place(name, destination, _Read(source, role, classes), context)
        feedback.pushInfo(tr("{count} labels of {classes}.").format(count=count, classes=", ".join(classes)))
        return {**wanted, "COUNT": count}

    def _arguments(self, parameters: Parameters, context: QgsProcessingContext, wanted: dict[str, str]) -> list[str]:
        annotations = Path(self.parameterAsString(parameters, "ANNOTATIONS", context))
        if annotations.is_file() and annotations.suffix.lower() in WHOLE_FOLDER:
            annotations = annotations.parent
        role = list(ROLES)[self.parameterAsEnum(parameters, "ROLE", context)]
        command = ["import-labels", str(annotations), "--role", role, "--events", str(self._folder)]
        command += ["--format", list(AUTO)[self.parameterAsEnum(parameters, "FORMAT", context)]]
        command += repeated("--raster", self._rasters)
        command += repeated("--name", listed(self.parameterAsString(parameters, "NAMES", context)))
        if images := self.parameterAsString(parameters, "IMAGES", context):
            command += ["--images", images]
        crs = self.parameterAsCrs(parameters, "CRS", context)
        if crs.isValid():
            command += ["--crs", crs.authid() or crs.toWkt()]
        if self.parameterAsBool(parameters, "KEEP_PIECES", context):
            command.append("--keep-pieces")
        for name in wanted:
            option, file = _FILES[name]
            command += [option, str(self._folder / file)]
        return command

    def _place(self, name: str, destination: str, read: _Read, context: QgsProcessingContext) -> None:
        file = self._folder / _FILES[name][1]
        source, role, classes = read
        usual = self.parameterDefinition(name).description()
        title = f"{source.stem}: {usual}"
        origin = Origin(title, (source.stem,), ((tr("Made of"), str(source)),), (), tuple(classes))
        colors = {each: PALETTE[index % len(PALETTE)] for index, each in enumerate(classes)}
        if name == "CLASS_RASTER":
            place_raster(file, destination)
            classes_of_card = [{"name": each, "color": color} for each, color in colors.items()]
            legend: dict[str, Any] = {"segmentation_classes": classes_of_card}
            result = Result(destination, style_class_map, legend, origin, (usual, title), "", True, GROUND)
        elif name == "AREA":
            place_vector(file, destination, context)
            result = Result(destination, _style_area, {}, origin, (usual, title), "", False, VECTORS)
        else:
            legend = {"colors": colors, "present": distinct(file, "class")}
            place_vector(file, destination, context)
            style = style_boxes if role == "detection" else style_areas
            result = Result(destination, style, legend, origin, (usual, title), "", False, VECTORS)
        self.give_back(result, context)


def _style_area(layer: QgsVectorLayer, _: dict[str, Any]) -> None:
    style_area(layer)
