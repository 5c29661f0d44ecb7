"""A class raster or polygons in, boxes around connected areas out."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterNumber,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..jobs.layers.map_classes import legend, style_boxes
from ..jobs.snapshots import CLASS_FIELD, Snapshot, raster_path
from ..jobs.translation import tr
from .base import Parameters, advanced, explained
from .converting import ConvertingAlgorithm, listed, named, repeated
from .parameters import ClassSource, classes_of, field_of

Integer, Double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double


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
