"""A model package and a raster in, styled map layers out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..jobs.errors import GeoDistilError
from ..jobs.packages import package_path, read_card
from ..jobs.results import do_not_load, load_styled, place_raster, place_vector
from ..jobs.snapshots import raster_path
from ..jobs.styles import style_class_map, style_confidence, style_detections
from .base import EngineAlgorithm, Parameters, Results, advanced, explained, job_folder, sentences

STYLES = {
    "CLASSES": ("classes", style_class_map),
    "CONFIDENCE_MAP": ("confidence", style_confidence),
    "DETECTIONS": ("detections", style_detections),
}
"""Output parameter -> (the engine's name of the file, how it looks)."""

TASKS = {"CLASSES": "segmentation", "CONFIDENCE_MAP": "segmentation", "DETECTIONS": "detection"}

Double = QgsProcessingParameterNumber.Type.Double
PACKAGE_FILTER = "Model package (item.json *.zip);;All files (*)"


class Predict(EngineAlgorithm):
    """Predicts one raster; Processing's batch mode does many."""

    NAME = "predict"
    TITLE = "Predict"
    SUMMARY = "Maps classes and finds objects on a raster with a trained model."
    HELP = (
        "Applies a model package to a raster, window by window, in memory that does not grow with the raster.\n\n"
        "The model is the folder `model` of a run folder, the same as a zip, or the `item.json` inside. The raster may "
        "have any CRS and pixel size: it is resampled to the model's ground sampling distance on reading.\n\n"
        "The class map has background 0, the first class 1 and so on, and no-data 255. Detections are polygons with "
        "the fields class and score. Outputs that the model has no task for are left out."
    )
    ICON = "predict"
    GROUP = ("map", "Map")
    TAGS = ("predict", "inference", "segmentation", "detection", "classify", "objects")

    def __init__(self) -> None:
        super().__init__()
        self._model, self._card = Path(), {}
        self._raster, self._raster_name, self._raster_id = "", "", ""

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Model, raster, details, outputs."""
        self.addParameter(
            QgsProcessingParameterFile("MODEL", "Model package (folder, zip, or item.json)", fileFilter=PACKAGE_FILTER)
        )
        self.addParameter(QgsProcessingParameterRasterLayer("RASTER", "Imagery"))
        self.addParameter(
            explained(
                QgsProcessingParameterNumber(
                    "SCORE", "Least score of a detection", Double, optional=True, minValue=0, maxValue=1
                ),
                "Empty: the model's own, the best on its validation blocks.",
            )
        )
        self._add_details()
        self._add_outputs()

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package."""
        try:
            read_card(package_path(self.parameterAsString(parameters, "MODEL", context)))
        except GeoDistilError as error:
            return str(error)
        return ""

    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Find the package and the raster's file; on the main thread, where the layer lives."""
        with sentences(feedback):
            self._model = package_path(self.parameterAsString(parameters, "MODEL", context))
            self._card = read_card(self._model)
            layer = self.parameterAsRasterLayer(parameters, "RASTER", context)
            self._raster, self._raster_name, self._raster_id = raster_path(layer), layer.name(), layer.id()
        return True

    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Results:
        """Let the engine predict, then put its files where they were asked for."""
        wanted = self._wanted(parameters, context, feedback)
        folder = job_folder(self.NAME)
        ending = self.run_engine(self._arguments(parameters, context, folder, wanted), folder, feedback)
        if ending.get("kind") != "finished":
            for destination in wanted.values():
                do_not_load(context, destination)
            return {}
        with sentences(feedback):
            return self._place(wanted, ending["outputs"][0], context)

    def _wanted(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, str]:
        """Output parameter -> destination, for what was asked for and the model can do."""
        wanted = {}
        for name, task in TASKS.items():
            destination = self.parameterAsOutputLayer(parameters, name, context)
            if destination and task in self._card["tasks"]:
                wanted[name] = destination
            elif destination:
                do_not_load(context, destination)
                feedback.pushInfo(f"The model {self._card['name']} has no {task}: {name} is left out.")
        return wanted

    def _arguments(
        self, parameters: Parameters, context: QgsProcessingContext, folder: Path, wanted: dict[str, str]
    ) -> list[str]:
        arguments = ["predict", str(self._model), self._raster, "--output", str(folder)]
        arguments += ["--overlap", str(self.parameterAsDouble(parameters, "OVERLAP", context) / 100)]
        arguments += ["--batch-size", str(self.parameterAsInt(parameters, "BATCH_SIZE", context))]
        arguments += ["--device", self.parameterAsString(parameters, "DEVICE", context) or "auto"]
        if parameters.get("SCORE") is not None:
            arguments += ["--score", str(self.parameterAsDouble(parameters, "SCORE", context))]
        return [*arguments, "--confidence"] if "CONFIDENCE_MAP" in wanted else arguments

    def _place(self, wanted: dict[str, str], files: dict[str, str], context: QgsProcessingContext) -> Results:
        for name, destination in wanted.items():
            kind, style = STYLES[name]
            if name == "DETECTIONS":
                place_vector(Path(files[kind]), destination, context)
                above = ""
            else:
                place_raster(Path(files[kind]), destination)
                above = self._raster_id  # so that the detections' outlines lie over the class map
            names = self.parameterDefinition(name).description(), f"{self._raster_name}: {kind}"
            load_styled(context, destination, names, style, self._card, above)
        return dict(wanted)

    def _add_details(self) -> None:
        for parameter in (
            QgsProcessingParameterNumber(
                "OVERLAP", "Overlap of neighbouring windows (percent)", Double, 12.5, minValue=0, maxValue=50
            ),
            QgsProcessingParameterNumber("BATCH_SIZE", "Windows at a time", defaultValue=4, minValue=1),
            QgsProcessingParameterString("DEVICE", "Device (auto, cpu, cuda, cuda:1, mps)", "auto"),
        ):
            self.addParameter(advanced(parameter))

    def _add_outputs(self) -> None:
        self.addParameter(QgsProcessingParameterRasterDestination("CLASSES", "Class map", optional=True))
        self.addParameter(
            QgsProcessingParameterVectorDestination(
                "DETECTIONS", "Detections", QgsProcessing.SourceType.TypeVectorPolygon, optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterRasterDestination(
                "CONFIDENCE_MAP", "Confidence of the class map (percent)", optional=True, createByDefault=False
            )
        )
