"""Choices and classes among an algorithm's parameters, with the widgets that show them in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qgis.core import QgsProcessingParameterEnum, QgsProcessingParameterField, QgsProcessingParameterString

_UI = f"{__package__.rpartition('.')[0]}.ui"
CHOICE, CLASSES = f"{_UI}.choice_wrapper.ChoiceWrapper", f"{_UI}.classes_wrapper.ClassesWrapper"
FIELD = f"{_UI}.field_wrapper.FieldWrapper"
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
