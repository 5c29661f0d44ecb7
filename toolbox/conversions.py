"""One layer turned into another: centre lines and polygons of class maps, boxes around areas."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, ClassVar

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorDestination,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..jobs.layers.results import Origin, distinct, of_layer, place_vector
from ..jobs.layers.styled import Result, do_not_load, group_of
from ..jobs.layers.styles import legend, style_areas, style_boxes, style_lines
from ..jobs.progress import spoken
from ..jobs.snapshots import CLASS_FIELD, Snapshot, raster_path
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, Results, advanced, explained, remote_parameter
from .parameters import ClassSource, classes_of, field_of


class ConvertingAlgorithm(EngineAlgorithm):
    """Makes one vector layer; subclasses say with which command of the engine."""

    GROUP = ("convert", tr("Convert"))
    COMMAND = ""
    INPUT = ""
    OUTPUT = ("OUTPUT", tr("Output"))
    GEOMETRY = 0
    STYLE: ClassVar[Callable[[Any, dict[str, Any]], None]]

    def __init__(self) -> None:
        super().__init__()
        self._arguments: list[str] = []
        self._folder = Path()
        self._origin = Origin("")
        self._legend: dict[str, Any] = {}

    def add_inputs(self) -> None:
        """Add the layer and what is asked of it."""
        raise NotImplementedError

    def read(self, parameters: Parameters, context: QgsProcessingContext) -> None:
        """Set `_arguments` (the command's) and `_legend`; called on the thread the layers live on."""
        raise NotImplementedError

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Inputs, the layer, how many features it has."""
        self.add_inputs()
        self.addParameter(remote_parameter())
        name, description = self.OUTPUT
        self.addParameter(QgsProcessingParameterVectorDestination(name, description, self.GEOMETRY))
        self.addOutput(QgsProcessingOutputNumber("COUNT", tr("Number of features")))

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Turn parameters into a command; on the main thread, where the layers live."""
        self._folder = self.job_folder()
        layer = self.parameterAsLayer(parameters, self.INPUT, context)
        title = f"{layer.name()}: {spoken(self.COMMAND)}"
        self._origin = of_layer(title, layer, group_of(layer, context.project()))
        self.read(parameters, context)

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine work, then put its layer where it was asked for."""
        name, description = self.OUTPUT
        destination = self.parameterAsOutputLayer(parameters, name, context)
        file = self._folder / f"{self.COMMAND}.gpkg"
        command = [self.COMMAND, *self._arguments, "--output", str(file), "--events", str(self._folder)]
        ending = self.run_engine(command, self._folder, feedback)
        if ending.get("kind") != "finished":
            do_not_load(context, destination)
            return {}
        count = ending["outputs"]["count"]
        feedback.pushInfo(f"{count} {self.COMMAND}.")
        present = distinct(file, "class")
        place_vector(file, destination, context)
        names, classes = (description, self._origin.title), {**self._legend, "present": present}
        self.give_back(Result(destination, type(self).STYLE, classes, self._origin, names), context)
        return {name: destination, "COUNT": count}


def listed(text: str) -> list[str]:
    """The entries of a list that a person typed, between commas."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def named(names: dict[int, str]) -> list[str]:
    """Class names as the engine's commands take them."""
    return [argument for value, name in names.items() for argument in ("--name", f"{value}={name}")]


def repeated(option: str, entries: list[str]) -> list[str]:
    """An option given once an entry."""
    return [argument for entry in entries for argument in (option, entry)]


Integer, Double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double
BASIC = {
    "MAXIMUM_WIDTH": ("--maximum-width", tr("Greatest width (metres)"), 30.0, 0.1),
    "MINIMUM_LENGTH": ("--minimum-length", tr("Least length of a line with a free end (metres)"), 10.0, 0.0),
    "GAP": ("--gap", tr("Largest gap to bridge (metres)"), 0.0, 0.0),
}
DETAILS = {
    "MINIMUM_AREA": ("--minimum-area", tr("Smallest area (square metres)"), 20.0, 0.0),
    "FILL_HOLES": ("--fill-holes", tr("Largest hole to fill (square metres)"), 20.0, 0.0),
    "SPUR": ("--spur", tr("Least length of a branch (metres)"), 10.0, 0.0),
    "SIMPLIFY": ("--simplify", tr("Tolerance of simplification (metres)"), 1.0, 0.0),
}
"""Parameter -> (the engine's option, description, default, least value)."""


class AreasToLines(ConvertingAlgorithm):
    """The engine's `lines`."""

    NAME = "areastolines"
    TITLE = tr("Class map to centre lines")
    SUMMARY = tr("Centre lines of a class's thin areas, for example roads, with their width.")
    HELP = tr(
        "Turns the thin areas of one class of a class map, for example roads or ditches, into centre lines with the "
        "fields length_m and width_m, strip by strip, so that large maps fit into memory. Lengths are of the ground, "
        "whatever the CRS.\n\n"
        "Places wider than the greatest width give no line. Short branches are cut off, gaps between ends that point "
        "at each other can be bridged, and lines are simplified and smoothed."
    )
    ICON = "lines"
    TAGS = ("lines", "roads", "centre line", "centerline", "skeleton", "thinning", "vectorise", "vectorize")
    COMMAND = "lines"
    INPUT = "CLASS_MAP"
    OUTPUT = ("LINES", tr("Centre lines"))
    GEOMETRY = QgsProcessing.SourceType.TypeVectorLine
    STYLE = style_lines

    def add_inputs(self) -> None:
        """Map, class, the network's cleaning."""
        self.addParameter(QgsProcessingParameterRasterLayer("CLASS_MAP", tr("Class map")))
        self.addParameter(
            explained(
                classes_of(ClassSource("CLASS_MAP"), "CLASS", tr("Class"), several=False, optional=False),
                tr("Its name in the layer's legend, or its value."),
            )
        )
        for name, (_, text, value, least) in BASIC.items():
            self.addParameter(QgsProcessingParameterNumber(name, text, Double, value, minValue=least))
        for name, (_, text, value, least) in DETAILS.items():
            self.addParameter(advanced(QgsProcessingParameterNumber(name, text, Double, value, minValue=least)))

    def read(self, parameters: Parameters, context: QgsProcessingContext) -> None:
        """The map's file and legend, the class, and the options."""
        layer = self.parameterAsRasterLayer(parameters, "CLASS_MAP", context)
        chosen = self.parameterAsString(parameters, "CLASS", context).strip()
        known = legend(layer)
        name = known["names"].get(int(chosen), chosen) if chosen.isdecimal() else chosen
        self._legend = {**known, "class": name}
        self._arguments = [raster_path(layer), *named(known["names"]), "--class", chosen]
        for parameter, (option, *_) in {**BASIC, **DETAILS}.items():
            self._arguments += [option, str(self.parameterAsDouble(parameters, parameter, context))]


NUMBERS = {"MINIMUM_AREA": "--minimum-area", "FILL_HOLES": "--fill-holes", "SIMPLIFY": "--simplify"}


class AreasToPolygons(ConvertingAlgorithm):
    """The engine's `polygons`."""

    NAME = "areastopolygons"
    TITLE = tr("Class map to polygons")
    SUMMARY = tr("Polygons of a class map's areas, cleaned, simplified without gaps, right-angled where asked.")
    HELP = tr(
        "Turns a class map into polygons with the fields class, class_id, area_m2 and perimeter_m, strip by strip, so "
        "that large maps fit into memory. Areas and lengths are of the ground, whatever the CRS.\n\n"
        "Small areas go to the neighbour with the longest border. Simplified borders stay shared: there are no gaps "
        "and no overlaps. Right angles suit buildings; such polygons stand alone and may overlap their neighbours.\n\n"
        "Classes have the names of the layer's legend."
    )
    ICON = "polygons"
    TAGS = ("polygons", "vectorise", "vectorize", "polygonise", "buildings", "right angles", "simplify")
    COMMAND = "polygons"
    INPUT = "CLASS_MAP"
    OUTPUT = ("POLYGONS", tr("Polygons"))
    GEOMETRY = QgsProcessing.SourceType.TypeVectorPolygon
    STYLE = style_areas

    def add_inputs(self) -> None:
        """Map, classes, cleaning."""
        self.addParameter(QgsProcessingParameterRasterLayer("CLASS_MAP", tr("Class map")))
        self.addParameter(
            explained(
                classes_of(ClassSource("CLASS_MAP"), "CLASSES", tr("Classes")),
                tr("Names or values with commas between them; empty: all but the background."),
            )
        )
        for name, text, value in (
            ("MINIMUM_AREA", tr("Smallest area (square metres)"), 0),
            ("FILL_HOLES", tr("Largest hole to fill (square metres)"), 0),
            ("SIMPLIFY", tr("Tolerance of simplification (metres)"), 0),
        ):
            self.addParameter(QgsProcessingParameterNumber(name, text, Double, value, minValue=0))
        for parameter in (
            explained(
                classes_of(ClassSource("CLASS_MAP"), "RIGHT_ANGLED", tr("Classes to give right angles")),
                tr("Names or values with commas between them, for example buildings."),
            ),
            explained(
                QgsProcessingParameterRasterLayer("CONFIDENCE_MAP", tr("Confidence of the class map"), optional=True),
                tr("Percent, as Predict writes it: gives each polygon its mean."),
            ),
        ):
            self.addParameter(advanced(parameter))

    def read(self, parameters: Parameters, context: QgsProcessingContext) -> None:
        """The map's file and legend, and the options."""
        layer = self.parameterAsRasterLayer(parameters, "CLASS_MAP", context)
        confidence = self.parameterAsRasterLayer(parameters, "CONFIDENCE_MAP", context)
        self._legend = legend(layer)
        classes = listed(self.parameterAsString(parameters, "CLASSES", context))
        squared = listed(self.parameterAsString(parameters, "RIGHT_ANGLED", context))
        self._arguments = [
            raster_path(layer),
            *named(self._legend["names"]),
            *repeated("--class", classes),
            *repeated("--right-angled", squared),
        ]
        for name, option in NUMBERS.items():
            self._arguments += [option, str(self.parameterAsDouble(parameters, name, context))]
        if confidence is not None:
            self._arguments += ["--confidence", raster_path(confidence)]


class BoxesFromAreas(ConvertingAlgorithm):
    """The engine's `boxes`."""

    NAME = "boxesfromareas"
    TITLE = tr("Boxes from areas")
    SUMMARY = tr("Boxes around the connected areas of each class, to train detection from segmentation labels.")
    HELP = tr(
        "Gives each connected area of a class its box, the way the ISPRS sets get theirs in arXiv 2405.15394: pixels "
        "that touch at a side or a corner are one object, objects below the smallest size are dropped unless all of "
        "their class are, and the box is the extent.\n\n"
        "The areas are a class raster, where 0 is background, or polygons. Polygons are painted on pixels first, so "
        "that neighbours of the same class become one object.\n\n"
        "Objects that thin bridges join can be parted: the opening cuts what is thinner than 2 n + 1 pixels."
    )
    ICON = "boxes"
    TAGS = ("boxes", "bounding box", "objects", "components", "extent", "labels", "detection")
    COMMAND = "boxes"
    INPUT = "AREAS"
    OUTPUT = ("BOXES", tr("Boxes"))
    GEOMETRY = QgsProcessing.SourceType.TypeVectorPolygon
    STYLE = style_boxes

    def add_inputs(self) -> None:
        """Areas, classes, the rule's numbers."""
        types = [QgsProcessing.SourceType.TypeRaster, QgsProcessing.SourceType.TypeVectorPolygon]
        self.addParameter(QgsProcessingParameterMapLayer("AREAS", tr("Areas (class raster or polygons)"), types=types))
        self.addParameter(
            explained(
                field_of("AREAS", "FIELD", tr("Polygons: class field")),
                tr("Empty: all polygons are of one class, named as the layer."),
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "PIXEL_SIZE", tr("Polygons: size of a pixel (metres)"), Double, 0.25, minValue=0.001
            )
        )
        self.addParameter(
            explained(
                classes_of(ClassSource("AREAS", "FIELD"), "CLASSES", tr("Classes")),
                tr("Names or values with commas between them; empty: all but the background."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterNumber("MINIMUM", tr("Smallest object (pixels)"), Integer, 80, minValue=0),
                tr("A class of which all objects are smaller keeps them all."),
            )
        )
        self.addParameter(
            advanced(
                explained(
                    QgsProcessingParameterNumber(
                        "OPENING", tr("Opening (pixels)"), Integer, 0, minValue=0, maxValue=50
                    ),
                    tr("n cuts bridges thinner than 2 n + 1 pixels, and drops what is thinner; 0 changes nothing."),
                )
            )
        )

    def read(self, parameters: Parameters, context: QgsProcessingContext) -> None:
        """The raster's file or a snapshot of the polygons, their legend, and the options."""
        layer = self.parameterAsLayer(parameters, "AREAS", context)
        if isinstance(layer, QgsRasterLayer):
            self._legend = legend(layer)
            self._arguments = [raster_path(layer), *named(self._legend["names"])]
        else:
            self._arguments = self._polygons(layer, parameters, context)
        classes = listed(self.parameterAsString(parameters, "CLASSES", context))
        self._arguments += repeated("--class", classes)
        for name, option in (("MINIMUM", "--minimum"), ("OPENING", "--opening")):
            self._arguments += [option, str(self.parameterAsInt(parameters, name, context))]

    def _polygons(self, layer: QgsVectorLayer, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        field = self.parameterAsString(parameters, "FIELD", context)
        self._legend = legend(layer, field)
        path = self._folder / "areas.gpkg"
        self._copies.append(Snapshot(layer, path, field or None))
        size = str(self.parameterAsDouble(parameters, "PIXEL_SIZE", context))
        arguments = [str(path), "--layer", path.stem, "--gsd", size]
        return [*arguments, "--field", CLASS_FIELD] if field else [*arguments, "--name", f"1={layer.name()}"]
