"""Parameters that algorithms share: choices, models, labelled roles, the recipes' options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..jobs.foreign import adopted, package_of
from ..jobs.packages import MODEL_FILES, is_foreign, package_path, read_card
from ..jobs.progress import headed, spoken
from ..jobs.run_folder import RoleLayers
from ..jobs.sources.option import Option
from ..jobs.sources.options import options_of
from ..jobs.translation import tr
from .base import Parameters, advanced, explained

_UI = f"{__package__.rpartition('.')[0]}.ui"
CHOICE, CLASSES = f"{_UI}.wrappers.ChoiceWrapper", f"{_UI}.wrappers.ClassesWrapper"
FIELD = f"{_UI}.wrappers.FieldWrapper"
"""By their names: Processing imports them with the first dialog, and this room imports no windows."""


def choice(name: str, description: str, options: Sequence[tuple[str, str]], usual: str) -> QgsProcessingParameterEnum:
    """One of several, in dialogs by its title; its value is the short name.

    Args:
        name: the parameter's.
        description: the parameter's.
        options: (short name, title) pairs.
        usual: the short name of the default.
    """
    names, titles = zip(*options)
    parameter = QgsProcessingParameterEnum(name, description, list(names), False, usual, False, True)
    parameter.setMetadata({"widget_wrapper": {"class": CHOICE, "titles": list(titles)}})
    return parameter


class ClassSource(NamedTuple):
    """Whose classes are offered.

    Attributes:
        layer: the layer's parameter.
        field: the parameter of the class field of polygons; empty for rasters.
    """

    layer: str
    field: str = ""


def classes_of(
    source: ClassSource, name: str, description: str, several: bool = True, optional: bool = True
) -> QgsProcessingParameterString:
    """Names of classes, which dialogs offer from a layer's own.

    Args:
        source: whose.
        name: the parameter's.
        description: the parameter's.
        several: whether more than one may be named, with commas between them.
        optional: whether it may be empty.
    """
    parameter = QgsProcessingParameterString(name, description, optional=optional)
    told = {"class": CLASSES, "layer": source.layer, "field": source.field, "several": several}
    parameter.setMetadata({"widget_wrapper": told})
    return parameter


def field_of(layer: str, name: str, description: str) -> QgsProcessingParameterField:
    """A field of a layer that may be a raster, which has none; optional.

    Args:
        layer: the layer's parameter.
        name: the parameter's.
        description: the parameter's.
    """
    parameter = QgsProcessingParameterField(name, description, parentLayerParameterName=layer, optional=True)
    parameter.setMetadata({"widget_wrapper": {"class": FIELD}})
    return parameter


PACKAGES = tr("Model package (folder, zip, or item.json)"), tr("Model package (item.json *.zip);;All files (*)")
PACKAGES_AND_ONNX = (
    tr("Model (package folder, zip, item.json, or ONNX file)"),
    MODEL_FILES,
)
"""What a parameter is called, and the files that it takes."""

WIDGET = f"{__package__.rpartition('.')[0]}.ui.wrappers.ModelWrapper"
"""By its name: Processing imports it with the first dialog, and this room imports no windows."""


def model_parameter(name: str, description: str = "", foreign: bool = True) -> QgsProcessingParameterFile:
    """A package's folder, zip, or a file inside; a dialog offers the registered packages too.

    Args:
        name: the parameter's.
        description: the parameter's; empty takes the usual one.
        foreign: whether ONNX files of other programs will do, and not only packages with weights.
    """
    usual, files = PACKAGES_AND_ONNX if foreign else PACKAGES
    parameter = QgsProcessingParameterFile(name, description or usual, fileFilter=files)
    parameter.setMetadata({"widget_wrapper": {"class": WIDGET}})
    return parameter


def known_card(text: str) -> dict[str, Any] | None:
    """The card of the model a person pointed at; none for an ONNX file that has not been tried yet. Quick.

    Raises:
        GeoDistilError: it is no model.
    """
    path = package_path(text)
    return None if is_foreign(path) and adopted(path) is None else read_card(package_of(text))


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


def option_parameters(kind: str) -> list[QgsProcessingParameterDefinition]:
    """The parameters of a recipe's options, each with its help and the paper it comes from."""
    return [advanced(explained(_parameter(option, kind), _help(option))) for option in options_of(kind)]


def chosen_options(
    algorithm: QgsProcessingAlgorithm, kind: str, parameters: Parameters, context: QgsProcessingContext
) -> dict[str, Any]:
    """The options that are not left as they were: `Option.parameter` -> value."""
    values = [(each, _value(algorithm, each, kind, parameters, context)) for each in options_of(kind)]
    return {each.parameter: value for each, value in values if value != each.defaults[kind]}


def _parameter(option: Option, kind: str) -> QgsProcessingParameterDefinition:
    usual = option.defaults[kind]
    if isinstance(usual, bool):
        return QgsProcessingParameterBoolean(option.parameter, option.title, usual)
    names, titles = [value for value, *_ in option.choices], [title for _, title, _ in option.choices]
    if isinstance(usual, list):
        chosen = [names.index(value) for value in usual]
        return QgsProcessingParameterEnum(option.parameter, option.title, titles, True, chosen, kind != "distil")
    if names:
        return choice(option.parameter, option.title, list(zip(names, titles)), usual)
    number = QgsProcessingParameterNumber.Type
    return QgsProcessingParameterNumber(
        option.parameter,
        option.title,
        number.Integer if isinstance(usual, int) else number.Double,
        usual,
        usual is None,
        minValue=option.smallest,
        maxValue=option.largest,
    )


def _value(
    algorithm: QgsProcessingAlgorithm,
    option: Option,
    kind: str,
    parameters: Parameters,
    context: QgsProcessingContext,
) -> Any:
    usual, name = option.defaults[kind], option.parameter
    if isinstance(usual, bool):
        return algorithm.parameterAsBool(parameters, name, context)
    if isinstance(usual, list):
        return [option.choices[index][0] for index in algorithm.parameterAsEnums(parameters, name, context)]
    if option.choices:
        return algorithm.parameterAsEnumString(parameters, name, context)
    if usual is None and not algorithm.parameterAsString(parameters, name, context):
        return None
    if isinstance(usual, int):
        return algorithm.parameterAsInt(parameters, name, context)
    return algorithm.parameterAsDouble(parameters, name, context)


def _help(option: Option) -> str:
    return " ".join([option.help, *(f"{title} (`{value}`): {text}" for value, title, text in option.choices if text)])
