"""What the algorithms share that turn one layer into another: a job folder, the engine, a styled result."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, ClassVar

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterVectorDestination,
)

from ..jobs.layers.results import Origin, distinct, of_layer, place_vector
from ..jobs.layers.styled import Result, do_not_load, group_of
from ..jobs.progress import spoken
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, Results, remote_parameter


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
