"""A class map in, polygons of its classes out."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..jobs.layers.map_classes import legend, style_areas
from ..jobs.snapshots import raster_path
from ..jobs.translation import tr
from .base import Parameters, advanced, explained
from .converting import ConvertingAlgorithm, listed, named, repeated
from .parameters import ClassSource, classes_of

Double = QgsProcessingParameterNumber.Type.Double
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
