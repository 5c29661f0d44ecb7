"""A class map in, centre lines of a class's thin areas out."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..jobs.layers.map_classes import legend, style_lines
from ..jobs.snapshots import raster_path
from ..jobs.translation import tr
from .base import Parameters, advanced, explained
from .converting import ConvertingAlgorithm, named
from .parameters import ClassSource, classes_of

Double = QgsProcessingParameterNumber.Type.Double
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
