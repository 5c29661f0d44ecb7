"""Other programs' annotations in, label layers out."""

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
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
    QgsVectorLayer,
)

from ..jobs.classes import PALETTE
from ..jobs.labelling.styles import style_area
from ..jobs.layers.map_classes import style_areas, style_boxes
from ..jobs.layers.results import Origin, distinct, place_raster, place_vector
from ..jobs.layers.styled import GROUND, VECTORS, Result, do_not_load
from ..jobs.layers.styles import style_class_map
from ..jobs.snapshots import raster_path
from ..jobs.translation import tr
from .base import EXCHANGE, EngineAlgorithm, Parameters, Results, advanced, explained, remote_parameter
from .converting import listed, repeated
from .exportchips import FORMATS

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
