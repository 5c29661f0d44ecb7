"""A model in, one zip out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterFileDestination,
)

from ..jobs.errors import GeoDistilError
from ..jobs.packages import package_path, read_card
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, Results, explained, job_folder
from .model import model_parameter


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

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Package, zip."""
        self.addParameter(
            explained(
                model_parameter("MODEL", foreign=False),
                tr("The folder `model` of a run folder."),
            )
        )
        self.addParameter(QgsProcessingParameterFileDestination("ZIP", tr("Archive"), tr("Zip archives (*.zip)")))

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package."""
        try:
            read_card(package_path(self.parameterAsString(parameters, "MODEL", context)))
        except GeoDistilError as error:
            return str(error)
        return ""

    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Results:
        """Let the engine write the archive among temporary files: a cancel then leaves no broken one."""
        folder, destination = job_folder(self.NAME), self.parameterAsFileOutput(parameters, "ZIP", context)
        archive = folder / "model.zip"
        model = package_path(self.parameterAsString(parameters, "MODEL", context))
        self.run_engine(["export", str(model), "--output", str(archive)], folder, feedback)
        if feedback.isCanceled():
            return {}
        try:
            Path(destination).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(str(archive), destination)
        except OSError as error:
            raise QgsProcessingException(
                tr("{destination} cannot be written: {reason}.").format(
                    destination=destination, reason=error.strerror or error
                )
            ) from error
        return {"ZIP": destination}
