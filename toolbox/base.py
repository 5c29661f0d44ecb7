"""What all algorithms share: their looks, a job folder, and the engine at work in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProject,
)
from qgis.PyQt.QtGui import QIcon

from ..jobs.environment import ROOT, engine_python
from ..jobs.errors import GeoDistilError, file_errors
from ..jobs.folders import job_folder
from ..jobs.gdal_files import PERMISSION, permission
from ..jobs.help import help_url
from ..jobs.layers.styled import Result, load_styled, save_look
from ..jobs.notices import NOTICES
from ..jobs.process import EngineProcess
from ..jobs.reference_systems import of_this_thread, remade
from ..jobs.snapshots import Snapshot
from ..jobs.translation import tr
from .helps import help_of, linked

Parameters = dict[str, Any]
Results = dict[str, Any]

EXCHANGE = "exchange", tr("Exchange")
"""The group of what comes from other programs and goes to them."""

NOTHING_TO_LOSE = 0.0
"""Grace after a cancel, in seconds, of commands that look for no stop and have nothing to end in order."""


def icon(name: str) -> QIcon:
    """An icon of `resources/icons`."""
    return QIcon(str(ROOT / "resources" / "icons" / f"{name}.svg"))


def advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """The parameter, among the advanced ones."""
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter


def explained(parameter: QgsProcessingParameterDefinition, text: str) -> QgsProcessingParameterDefinition:
    """The parameter, with a tooltip."""
    parameter.setHelp(rich(text))
    return parameter


def remote_parameter() -> QgsProcessingParameterDefinition:
    """The engine's `--allow-remote`, which `run_engine` passes on; models that were saved without it stay valid."""
    return advanced(
        explained(
            QgsProcessingParameterBoolean(
                "ALLOW_REMOTE", tr("Files may reach other folders and the network"), False, optional=True
            ),
            tr(
                "Otherwise a file, such as the description of a service or a list of tiles, reaches only what lies "
                "beside it. For files that you trust."
            ),
        )
    )


def rich(text: str) -> str:
    """A help text with what stands between backticks as code; QGIS shows helps as HTML."""
    return re.sub("`(.+?)`", r"<code>\1</code>", text)


@contextmanager
def sentences(feedback: QgsProcessingFeedback | None = None) -> Iterator[None]:
    """GeoDistil's errors become Processing's, also those of files and folders; their details go to the log."""
    try:
        with file_errors():
            yield
    except GeoDistilError as error:
        if feedback is not None and (explained := error.explained()):
            feedback.pushConsoleInfo(explained)
        raise QgsProcessingException(str(error)) from error


class EngineAlgorithm(QgsProcessingAlgorithm):
    """An algorithm whose work the engine does. Method names are QGIS's; texts are class attributes."""

    NAME = ""
    TITLE = ""
    HELP = ""
    SUMMARY = ""
    ICON = "geodistil"
    TAGS: tuple[str, ...] = ()
    GROUP = ("train", tr("Train"))

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[Result] = []
        self._warnings: list[str] = []
        self._reaches_all = False
        self._folders: list[Path] = []
        self._copies: list[Snapshot] = []
        """Layers that the engine needs as files; made while preparing, on the main thread, and copied on the worker."""

    def createInstance(self) -> EngineAlgorithm:  # noqa: D102
        return type(self)()

    def name(self) -> str:  # noqa: D102
        return self.NAME

    def displayName(self) -> str:  # noqa: D102
        return self.TITLE

    def shortDescription(self) -> str:  # noqa: D102
        return self.SUMMARY

    def shortHelpString(self) -> str:  # noqa: D102
        return linked(rich(self.HELP))

    def helpUrl(self) -> str:  # noqa: D102
        return help_url("toolbox", f"geodistil-{self.NAME}")

    def addParameter(self, definition: QgsProcessingParameterDefinition, createOutput: bool = True) -> bool:
        """Add a parameter; what it is for is said, if nowhere else, by its name."""
        if not definition.help():
            definition.setHelp(rich(help_of(self.NAME, definition.name())))
        return super().addParameter(definition, createOutput)

    def tags(self) -> list[str]:  # noqa: D102
        return ["deep learning", "neural network", "aerial", "imagery", *self.TAGS]

    def groupId(self) -> str:  # noqa: D102
        return self.GROUP[0]

    def group(self) -> str:  # noqa: D102
        return self.GROUP[1]

    def icon(self) -> QIcon:  # noqa: D102
        return icon(self.ICON)

    def canExecute(self) -> tuple[bool, str]:  # noqa: D102
        try:
            engine_python()
        except GeoDistilError as error:
            return False, str(error)
        return True, ""

    def job_folder(self) -> Path:
        """A new folder among QGIS's temporary files, which goes when the algorithm has ended."""
        self._folders.append(job_folder(self.NAME))
        return self._folders[-1]

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Look at the layers and settle what is to be done; on the main thread, where layers live.

        Raises:
            GeoDistilError: something cannot be used.
        """

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Do it, on the worker, and return the outputs.

        Raises:
            GeoDistilError: it cannot be done.
        """
        raise NotImplementedError

    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """`look`, with its errors as Processing's."""
        self._reaches_all = self.parameterAsBool(parameters, "ALLOW_REMOTE", context)
        try:
            with sentences(feedback):
                self.look(parameters, context, feedback)
        except QgsProcessingException:
            self._clear()
            raise
        return True

    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Results:
        """`work`, with its errors as Processing's; then the files that it wrote get their looks."""
        with of_this_thread():
            try:
                with sentences(feedback):
                    outputs = self.work(parameters, context, feedback)
            finally:
                self._clear()
            for result in self._layers:
                try:
                    save_look(result)
                except GeoDistilError as error:  # the layer itself is there
                    feedback.pushWarning(str(error))
        return outputs

    def _clear(self) -> None:
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)  # what is left goes when QGIS ends

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """QGIS's own checks, then this algorithm's `problem`."""
        accepted, message = super().checkParameterValues(parameters, context)
        if accepted:
            message = self.problem(parameters, context)
        return not message, message

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """What is wrong with the parameters, as a sentence; empty where nothing is."""
        return ""

    def give_back(self, result: Result, context: QgsProcessingContext) -> None:
        """Hand over a layer that was written: it is loaded, if at all, with its look, which its file keeps."""
        self._layers.append(result)
        load_styled(context, result)

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Tell the engine's warnings over the map."""
        remade(QgsProject.instance())
        NOTICES.warn(self.displayName(), self._warnings)
        return {}

    def run_engine(
        self, arguments: Sequence[str], folder: Path, feedback: QgsProcessingFeedback, grace: float = 10.0
    ) -> dict[str, Any]:
        """Copy the layers, run `python -m engine` to its end; returns its last event, empty where it was cancelled.

        Raises:
            GeoDistilError: with the engine's own sentence.
        """
        for copy in self._copies:
            copy(feedback.isCanceled)
        arguments = [*arguments, *([PERMISSION] if self._reaches_all else permission(arguments))]
        feedback.pushDebugInfo(f"engine {' '.join(arguments)}")
        process = EngineProcess(arguments, folder, grace)
        self._warnings = process.warnings
        return process.follow(feedback)
