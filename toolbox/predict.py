"""A model and rasters in, styled map layers out: one raster, or a folder of many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorDestination,
    QgsRectangle,
)

from ..jobs.errors import CancelledError
from ..jobs.layers.results import make_folder, place_raster, place_vector
from ..jobs.layers.styled import LOOKS, Imagery, do_not_load
from ..jobs.progress import spoken
from ..jobs.snapshots import raster_path
from ..jobs.tiles.service import Service, is_service
from ..jobs.translation import tr
from .base import Parameters, Results, explained
from .predicting import PredictingAlgorithm

OUTPUTS = {
    "CLASSES": ("classes", "segmentation"),
    "CONFIDENCE_MAP": ("confidence", "segmentation"),
    "DETECTIONS": ("detections", "detection"),
    "VALUES": ("values", "regression"),
}
"""Output parameter -> the engine's name of the file, and the task that it is of."""


class Predict(PredictingAlgorithm):
    """Predicts one raster; Processing's batch mode does some, `predictrasters` does many."""

    NAME = "predict"
    TITLE = tr("Predict")
    SUMMARY = tr("Maps classes, objects or values of a raster with a trained model.")
    HELP = tr(
        "Applies a model to a raster, window by window, in memory that does not grow with the raster: to all of it, or "
        "inside polygons or an extent only.\n\n"
        "The model is the folder `model` of a run folder, the same as a zip, the `item.json` inside, or an ONNX file "
        "of another program. What such a file does not say of itself is asked when you choose it; for scripts, "
        "`python -m engine inspect MODEL.onnx` lists it, and a file MODEL.json beside it gives it. The raster may have "
        "any CRS and pixel size: it is resampled to the model's ground sampling distance on reading. Of a layer of a "
        "web service (XYZ, WMTS, WMS) the extent, or the ground of the polygons, is fetched first.\n\n"
        "The class map has background 0, the first class 1 and so on, and no-data 255. Detections are polygons with "
        "the fields class and score. Values are what a regression returns, in its own units. Outputs that the model "
        "has no task for are left out."
    )

    def __init__(self) -> None:
        super().__init__()
        self._raster, self._raster_name, self._raster_id = "", "", ""
        self._part: tuple[Service, QgsRectangle] | None = None

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Model, raster, ground, details, outputs."""
        self.add_model()
        self.addParameter(QgsProcessingParameterRasterLayer("RASTER", tr("Imagery")))
        self.add_ground()
        self.add_details()
        self._add_outputs()

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package; of a web service a part must be named."""
        layer = self.parameterAsRasterLayer(parameters, "RASTER", context)
        if problem := self.services_problem([layer], parameters, context):
            return problem
        return super().problem(parameters, context)

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Find the raster's file; on the main thread, where the layer lives."""
        layer = self.parameterAsRasterLayer(parameters, "RASTER", context)
        self._raster_name, self._raster_id = layer.name(), layer.id()
        if is_service(layer):
            self._part = self.part_of(layer, parameters, context)
        else:
            self._raster = raster_path(layer)

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine predict, then put its files where they were asked for."""
        self.take_model(parameters, context, feedback)
        if self._part is not None:
            try:
                self._raster = self.fetched(*self._part, feedback)
            except CancelledError:
                return {}
        wanted = self._wanted(parameters, context, feedback)
        folder = self.job_folder()
        command = ["predict", str(self._model), self._raster, "--output", str(folder)]
        command += ["--confidence"] if "CONFIDENCE_MAP" in wanted else []
        ending = self.run_engine([*command, *self.arguments(parameters, context, folder)], folder, feedback)
        if ending.get("kind") != "finished":
            for destination in wanted.values():
                do_not_load(context, destination)
            return {}
        return self._place(wanted, ending["outputs"][0], context)

    def _wanted(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, str]:
        """Output parameter -> destination, for what was asked for and the model can do."""
        wanted = {}
        for name, (_, task) in OUTPUTS.items():
            destination = self.parameterAsOutputLayer(parameters, name, context)
            if destination and task in self._card["tasks"]:
                wanted[name] = destination
            elif destination:
                do_not_load(context, destination)
                feedback.pushInfo(
                    tr("The model {name} has no {task}: {output} is left out.").format(
                        name=self._card["name"], task=spoken(task), output=name
                    )
                )
        return wanted

    def _place(self, wanted: dict[str, str], files: dict[str, str], context: QgsProcessingContext) -> Results:
        imagery = Imagery(self._raster, self._raster_name, self._raster_id)
        for name, destination in wanted.items():
            kind, _ = OUTPUTS[name]
            if kind == "detections":
                place_vector(Path(files[kind]), destination, context)
            else:
                place_raster(Path(files[kind]), destination)
            usual = self.parameterDefinition(name).description()
            layer = self.result(kind, destination, imagery, usual)
            self.give_back(layer, context)
        return dict(wanted)

    def _add_outputs(self) -> None:
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        raster = QgsProcessingParameterRasterDestination
        for parameter in (
            raster("CLASSES", tr("Class map"), optional=True),
            QgsProcessingParameterVectorDestination("DETECTIONS", tr("Detections"), polygons, optional=True),
            raster("VALUES", tr("Values (regression)"), optional=True),
            raster("CONFIDENCE_MAP", tr("Confidence of the class map (percent)"), optional=True, createByDefault=False),
        ):
            self.addParameter(parameter)


class PredictRasters(PredictingAlgorithm):
    """Predicts layers and folders of rasters as one job, in which the model is loaded once."""

    NAME = "predictrasters"
    TITLE = tr("Predict many rasters")
    SUMMARY = tr("Maps classes, objects or values of many rasters, to one result each or one of all.")
    HELP = tr(
        "Applies a model to layers, to all rasters of a folder, or to both, as one job. Each raster gets a subfolder "
        "with its results; as one map, all rasters are predicted as if they were one, and where they overlap the first "
        "counts.\n\n"
        "A raster that cannot be predicted does not end the job: it is named among the warnings. A job that was "
        "cancelled goes on where it stopped when it is run again with the same settings and the same folder.\n\n"
        "Of layers of web services (XYZ, WMTS, WMS) the extent, or the ground of the polygons, is fetched first.\n\n"
        "The files are those of Predict: classes.tif, confidence.tif, detections.gpkg, values.tif."
    )

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[str, str] = {}
        self._parts: dict[str, tuple[Service, QgsRectangle]] = {}

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Model, rasters, ground, details, folder."""
        self.add_model()
        layers = QgsProcessing.SourceType.TypeRaster
        self.addParameter(QgsProcessingParameterMultipleLayers("RASTERS", tr("Imagery"), layers, optional=True))
        self.addParameter(
            explained(
                QgsProcessingParameterFile(
                    "FOLDER",
                    tr("Folder of imagery"),
                    QgsProcessingParameterFile.Behavior.Folder,
                    optional=True,
                ),
                tr("All rasters in it are predicted, after the layers."),
            )
        )
        self.add_ground()
        for name, text, help_text, usual in (
            ("MOSAIC", tr("One map of all rasters"), tr("Else each raster gets results of its own."), False),
            ("CONFIDENCE", tr("Confidence of the class maps too"), tr("In percent, as confidence.tif."), False),
            ("LOAD", tr("Show the results on the map"), tr("Turn it off for hundreds of rasters."), True),
        ):
            self.addParameter(explained(QgsProcessingParameterBoolean(name, text, usual), help_text))
        self.add_details()
        self.addParameter(QgsProcessingParameterFolderDestination("OUTPUT", tr("Folder of results")))
        self.addOutput(QgsProcessingOutputMultipleLayers("LAYERS", tr("Results")))

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """There must be rasters, and a model."""
        folder = self.parameterAsString(parameters, "FOLDER", context)
        if folder and not Path(folder).is_dir():
            return tr("There is no folder {folder}.").format(folder=folder)
        layers = self.parameterAsLayerList(parameters, "RASTERS", context)
        if not folder and not layers:
            return tr("Choose imagery, or a folder of imagery.")
        if problem := self.services_problem(layers, parameters, context):
            return problem
        return super().problem(parameters, context)

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Find the layers' files; on the main thread, where they live."""
        layers = self.parameterAsLayerList(parameters, "RASTERS", context)
        self._parts = {each.id(): self.part_of(each, parameters, context) for each in filter(is_service, layers)}
        self._names = {each.id() if each.id() in self._parts else raster_path(each): each.name() for each in layers}

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine predict into the folder, and show what it wrote."""
        self.take_model(parameters, context, feedback)
        output = Path(self.parameterAsFileOutput(parameters, "OUTPUT", context))
        make_folder(output)
        try:
            self._names = {self._file_of(key, feedback): name for key, name in self._names.items()}
        except CancelledError:
            return {"OUTPUT": str(output), "LAYERS": []}
        folder = self.parameterAsString(parameters, "FOLDER", context)
        command = ["predict", str(self._model), *self._names, *([folder] if folder else []), "--output", str(output)]
        flags = [name for name in ("CONFIDENCE", "MOSAIC") if self.parameterAsBool(parameters, name, context)]
        command += [f"--{name.lower()}" for name in flags]
        command += self.arguments(parameters, context, self.job_folder())
        ending = self.run_engine(command, output, feedback)
        if ending.get("kind") != "finished":
            return {"OUTPUT": str(output), "LAYERS": []}
        load = self.parameterAsBool(parameters, "LOAD", context)
        written = [path for files in ending["outputs"] for path in self._show(files, load, context)]
        return {"OUTPUT": str(output), "LAYERS": written}

    def _file_of(self, key: str, feedback: QgsProcessingFeedback) -> str:
        """A layer's file; of a service the part that is predicted, which is fetched now."""
        return self.fetched(*self._parts[key], feedback) if key in self._parts else key

    def _show(self, files: dict[str, str], load: bool, context: QgsProcessingContext) -> list[str]:
        """Give the files of one raster their looks, and have them loaded; returns their paths."""
        raster = files["raster"]
        shown = [(kind, files[kind]) for kind in LOOKS if files.get(kind)]
        for kind, path in shown:
            if load:
                details = QgsProcessingContext.LayerDetails(kind, context.project(), "LAYERS")
                context.addLayerToLoadOnCompletion(path, details)
            title = self._names.get(raster) or Path(raster).stem
            self.give_back(self.result(kind, path, Imagery(raster, title), kind), context)
        return [path for _, path in shown]
