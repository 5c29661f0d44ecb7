"""The recipes' options as advanced parameters, under their names in `run.json`."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
)

from ..jobs.sources.option import Option
from ..jobs.sources.options import options_of
from .base import Parameters, advanced, explained
from .choices import choice


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
