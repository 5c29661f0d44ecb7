"""One labelled role among an algorithm's parameters: imagery, labels, class field, side of boxes, labelled area."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterVectorLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..jobs.run_folder import RoleLayers
from ..jobs.translation import tr
from ..jobs.vocabulary import headed, spoken
from .base import Parameters, explained
from .choices import field_of

LABELS = {
    "detection": (
        tr("Detection: labels (polygons or points)"),
        [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorPoint],
    ),
    "segmentation": (
        tr("Segmentation: labels (polygons or class raster)"),
        [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeRaster],
    ),
}
"""Role -> its label layer's title and kinds."""


def labelled_parameters(role: str, optional: bool) -> list[QgsProcessingParameterDefinition]:
    """The parameters of a labelled role, in their order."""
    name, word, (labels, types) = role.upper(), headed(spoken(role)), LABELS[role]
    parameters = [
        rasters_parameter(f"{name}_RASTERS", tr("{word}: imagery").format(word=word), optional),
        QgsProcessingParameterMapLayer(f"{name}_LABELS", labels, optional=optional, types=types),
        explained(
            field_of(f"{name}_LABELS", f"{name}_FIELD", tr("{word}: class field").format(word=word)),
            tr(
                "Empty: all labels are of one class, named as the layer. Features without a value count nowhere. "
                "Not used with class rasters: there, 0 is background."
            ),
        ),
        explained(
            QgsProcessingParameterVectorLayer(
                f"{name}_AREA",
                tr("{word}: labelled area").format(word=word),
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            tr("Inside it, ground without a label is background; outside it nothing counts. Empty: the whole imagery."),
        ),
    ]
    return parameters if role == "segmentation" else [*parameters[:3], _box_size(), *parameters[3:]]


def rasters_parameter(name: str, text: str, optional: bool) -> QgsProcessingParameterMultipleLayers:
    """The imagery of a role."""
    parameter = QgsProcessingParameterMultipleLayers(name, text, QgsProcessing.SourceType.TypeRaster, optional=optional)
    parameter.setMinimumNumberInputs(0 if optional else 1)
    return parameter


def role_layers(
    algorithm: QgsProcessingAlgorithm, role: str, parameters: Parameters, context: QgsProcessingContext
) -> RoleLayers:
    """The layers of a labelled role; on the main thread, where layers live."""
    name = role.upper()
    field = algorithm.parameterAsString(parameters, f"{name}_FIELD", context)
    labels = algorithm.parameterAsLayer(parameters, f"{name}_LABELS", context)
    side = algorithm.parameterAsDouble(parameters, "BOX_SIZE", context) if role == "detection" else 0
    return RoleLayers(
        role=role,
        rasters=algorithm.parameterAsLayerList(parameters, f"{name}_RASTERS", context),
        labels=labels,
        field=field if isinstance(labels, QgsVectorLayer) else "",
        area=algorithm.parameterAsVectorLayer(parameters, f"{name}_AREA", context),
        selected_only=algorithm.parameterAsBool(parameters, "SELECTED_ONLY", context),
        box_size=side or None,
        background=role == "detection" or algorithm.parameterAsBool(parameters, "BACKGROUND", context),
        part=service_part(algorithm, parameters, context),
    )


def service_part(
    algorithm: QgsProcessingAlgorithm, parameters: Parameters, context: QgsProcessingContext
) -> tuple[QgsRectangle, QgsCoordinateReferenceSystem] | None:
    """What is fetched of web services, and its CRS; none where nobody has said."""
    if not parameters.get("SERVICE_EXTENT"):
        return None
    extent = algorithm.parameterAsExtent(parameters, "SERVICE_EXTENT", context)
    return extent, algorithm.parameterAsExtentCrs(parameters, "SERVICE_EXTENT", context)


def box_size_problem(algorithm: QgsProcessingAlgorithm, parameters: Parameters, context: QgsProcessingContext) -> str:
    """A sentence where labels are points and the side of their boxes is not given."""
    labels = algorithm.parameterAsVectorLayer(parameters, "DETECTION_LABELS", context)
    points = labels is not None and labels.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
    if points and not algorithm.parameterAsDouble(parameters, "BOX_SIZE", context):
        return tr("The detection labels {labels} are points: give the side of the box around a point.").format(
            labels=labels.name()
        )
    return ""


def _box_size() -> QgsProcessingParameterDefinition:
    return QgsProcessingParameterNumber(
        "BOX_SIZE",
        tr("Detection: side of the box around a point (metres)"),
        QgsProcessingParameterNumber.Type.Double,
        optional=True,
        minValue=0,
    )
