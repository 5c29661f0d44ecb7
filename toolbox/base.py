"""What all algorithms share: their looks, what parameters are for, a job folder, and the engine at work in it."""

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

from ..jobs.background import NOTICES
from ..jobs.environment import ROOT, engine_python
from ..jobs.errors import GeoDistilError, file_errors
from ..jobs.folders import job_folder
from ..jobs.gdal_files import PERMISSION, permission
from ..jobs.help import help_url
from ..jobs.layers.styled import Result, load_styled, save_look
from ..jobs.process import EngineProcess
from ..jobs.reference_systems import of_this_thread, remade
from ..jobs.snapshots import Snapshot
from ..jobs.translation import tr

WORDS = (
    (tr("ground sampling distance"), "ground-sampling-distance"),
    (tr("pseudo-labels"), "pseudo-label"),
    (tr("labelled area"), "label-labelled-area"),
    (tr("model package"), "model-package"),
    (tr("semi-supervised"), "semi-supervised"),
    (tr("run folder"), "run-run-folder"),
    (tr("class map"), "class-map"),
    (tr("backend"), "backend"),
    (tr("background"), "background"),
    (tr("checkpoint"), "checkpoint"),
    (tr("chips"), "chip"),
    (tr("encoder"), "encoder-neck-head"),
    (tr("teachers"), "distillation-teacher-student"),
    (tr("student"), "distillation-teacher-student"),
    ("AP50", "ap-ap50"),
    ("IoU", "iou"),
)
"""As help texts have them, longer ones first, and the glossary's heading."""


def linked(html: str) -> str:
    """A help text whose words of the glossary lead there, each once."""
    for word, heading in WORDS:
        found = re.search(rf"\b{re.escape(word)}\b(?![^<]*(?:>|</a>|</code>))", html, re.IGNORECASE)
        if found:
            link = f'<a href="{help_url("glossary", heading)}">{found[0]}</a>'
            html = html[: found.start()] + link + html[found.end() :]
    return html


_DEVICE = tr("auto: a graphics card where there is one, else the processor.")
_MODEL = tr(
    "Choose one that QGIS knows, or a package: its folder, its zip, the `item.json` inside, or the run folder that it "
    "was trained in."
)
HELPS = {
    "CLASS_MAP": tr("A raster of whole numbers, one a class: what Predict writes, or any other. 0 is background."),
    "MAXIMUM_WIDTH": tr("Wider places, such as squares, give no line."),
    "MINIMUM_LENGTH": tr("Shorter lines that end in nothing on one side are left out."),
    "GAP": tr("Ends that point at each other are joined across gaps up to this length; 0 joins none."),
    "MINIMUM_AREA": tr("Smaller areas are left out; in polygons their ground goes to a neighbour. 0 keeps all."),
    "FILL_HOLES": tr("Smaller holes in areas are closed; 0 closes none."),
    "SPUR": tr("Shorter side branches, which ragged edges make, are cut off."),
    "SIMPLIFY": tr("How far a simplified outline may be from the pixels' own; 0 keeps every corner of a pixel."),
    "LINES": tr("Lines with the fields class, length_m and width_m."),
    "POLYGONS": tr("Polygons with the fields class, class_id, area_m2 and perimeter_m."),
    "AREAS": tr("A raster of class numbers, or polygons; each connected area of a class becomes one box."),
    "PIXEL_SIZE": tr("Polygons are painted on pixels of this size first, so that those that touch become one object."),
    "BOXES": tr("The boxes as polygons, with their class: labels for detection."),
    "DETECTION_RASTERS": tr("Aerial or satellite imagery on which single objects are labelled."),
    "DETECTION_LABELS": tr("One feature an object: polygons, of which the extents count, or points with a box size."),
    "BOX_SIZE": tr("For labels that are points: how large an object is on the ground."),
    "SEGMENTATION_RASTERS": tr("Aerial or satellite imagery on which areas are labelled."),
    "SEGMENTATION_LABELS": tr("Polygons of the areas of each class, or a raster of class numbers."),
    "UNLABELLED_RASTERS": tr("Imagery without labels, from which a network learns what the labels do not show."),
    "CHIP_SIZE": tr("Side of the square pieces of imagery that a network sees at once; a multiple of 32."),
    "PACKAGE": tr("Its answers are what the smaller network learns: a folder, a zip, or the `item.json` inside."),
    "NAME": tr("What the model, its folder and its maps are called."),
    "MINUTES": tr("All stages together. More is better up to a few hours; the best weights until then are kept."),
    "EPOCHS": tr("Passes over the labelled area, all stages together. Empty: minutes count."),
    "STEPS": tr("Steps of the optimiser, all stages together, for runs that can be repeated. Empty: minutes count."),
    "STUDENT": tr("The network that is kept. Larger ones find more, and take longer in training and on the map."),
    "TEACHER": tr("Networks that only teach; larger than the student, for they are thrown away in the end."),
    "NETWORK": tr("Larger ones find more, and take longer in training and on the map."),
    "BATCH_SIZE": tr("Pieces of imagery in a step. Lower it where memory runs out."),
    "DEVICE": _DEVICE,
    "SEED": tr("The same seed and settings give the same run again, as far as the device computes alike."),
    "PREDICTIONS": tr("A class map or detections that the model below has made."),
    "MODEL": _MODEL,
    "SCORES": tr("All scores as JSON, for other programs."),
    "ERROR_OBJECTS": tr("What was found, what was found wrongly and what was missed, as polygons."),
    "ERROR_MAP": tr("Right and wrong pixels, and what they were taken for, as a raster."),
    "ZIP": tr("One file to send to others; it holds no code."),
    "LAYER": tr("As QGIS shows it on the map; its connection has the login."),
    "IMAGERY": tr("A GeoTIFF with colours and alpha, in the service's CRS, with who is to be named."),
    "RASTER": tr("Any CRS and pixel size: it is read at the ground sampling distance that the model was trained at."),
    "CONFIDENCE_MAP": tr("The probability of the class that was chosen, pixel by pixel."),
    "RASTERS": tr("Layers; a folder below adds all of its rasters."),
    "OUTPUT": tr("Results of all rasters; run again with the same settings, a cancelled job goes on there."),
    "COUNT": tr("The best so many, by rank."),
    "LABEL_NEXT": tr("Square cells with their ranks, the stronger the colour the sooner."),
    "PSEUDO_LABELS": tr("Areas or boxes of which the model is sure, to be looked at before they are trusted."),
    "VALUES": tr("What a regression computes, pixel by pixel."),
    "DETECTIONS": tr("Boxes with class and score."),
    "CLASSES": tr("Numbers of classes with their names and colours; 0 is background, 255 is no-data."),
    "checksources:REPORT": tr("A page with all that was found, mistakes and warnings first."),
    "checksources:FINDINGS": tr("The same for other programs."),
    "evaluate:LABELS": tr("What a person has drawn, on ground that the model was not trained on."),
    "evaluate:REPORT": tr("A page with the scores, by class."),
}
"""By parameter, or by algorithm and parameter where the same name is of something else."""


def help_of(algorithm: str, parameter: str) -> str:
    """What a parameter is for; empty where that is said elsewhere."""
    return HELPS.get(f"{algorithm}:{parameter}", HELPS.get(parameter, ""))


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
