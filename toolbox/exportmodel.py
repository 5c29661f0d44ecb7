"""A model in, one zip out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
)

from ..jobs.errors import GeoDistilError
from ..jobs.layers.results import make_folder
from ..jobs.packages import package_path, read_card
from ..jobs.snapshots import raster_path
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, Results, explained, remote_parameter
from .parameters import model_parameter


class ExportModel(EngineAlgorithm):
    """The engine's `export`."""

    NAME = "exportmodel"
    TITLE = tr("Export model")
    SUMMARY = tr("Checks a model package and writes it as one zip, to be sent to others.")
    HELP = tr(
        "Loads a model package, which checks that its weights fit its description, and writes it as one zip. Predict, "
        "Evaluate and the engine's command line read the zip as it is.\n\n"
        "The package is the folder `model` of a run folder, or the `item.json` inside. It holds the weights, ONNX "
        "files that other software reads, a STAC item that describes the model, the report and a preview; nothing in "
        "it is code."
    )
    ICON = "export"
    TAGS = ("export", "model", "package", "zip", "ONNX", "STAC", "share")

    def __init__(self) -> None:
        super().__init__()
        self._imagery: list[str] = []

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Package, 8 bits, zip."""
        self.addParameter(
            explained(
                model_parameter("MODEL", foreign=False),
                tr("The folder `model` of a run folder."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterBoolean("INT8", tr("ONNX files in 8 bits"), False),
                tr("Up to twice as fast on a CPU. What would lower a score by more than 0.005 stays as it is."),
            )
        )
        rasters = QgsProcessing.SourceType.TypeRaster
        self.addParameter(
            explained(
                QgsProcessingParameterMultipleLayers("IMAGERY", tr("Imagery for 8 bits"), rasters, optional=True),
                tr("Rasters like those that the model was trained on. None takes those of its run."),
            )
        )
        self.addParameter(remote_parameter())
        self.addParameter(QgsProcessingParameterFileDestination("ZIP", tr("Archive"), tr("Zip archives (*.zip)")))

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package; 8 bits need imagery."""
        try:
            package = package_path(self.parameterAsString(parameters, "MODEL", context))
            read_card(package)
        except GeoDistilError as error:
            return str(error)
        light = self.parameterAsBool(parameters, "INT8", context)
        if light and not self.parameterAsLayerList(parameters, "IMAGERY", context) and not _has_run(package):
            return tr("Choose imagery for 8 bits: this model does not lie in the folder of its run.")
        return ""

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Find the layers' files; on the main thread, where they live."""
        self._imagery = [raster_path(layer) for layer in self.parameterAsLayerList(parameters, "IMAGERY", context)]

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine write the archive among temporary files: a cancel then leaves no broken one."""
        folder, destination = self.job_folder(), self.parameterAsFileOutput(parameters, "ZIP", context)
        archive = folder / "model.zip"
        model = package_path(self.parameterAsString(parameters, "MODEL", context))
        command = ["export", str(model), "--output", str(archive), "--events", str(folder)]
        if self.parameterAsBool(parameters, "INT8", context):
            command += ["--int8", *(["--chips", *self._imagery] if self._imagery else [])]
        ending = self.run_engine(command, folder, feedback)
        if feedback.isCanceled() or ending.get("kind") != "finished":  # it may have been too quick for the cancel
            return {}
        for judged in ending["outputs"].get("int8", []):
            feedback.pushInfo(judged["sentence"])
        make_folder(Path(destination).parent)
        shutil.move(str(archive), destination)
        return {"ZIP": destination}


def _has_run(package: Path) -> bool:
    return package.is_dir() and (package.parent / "run.json").is_file()
