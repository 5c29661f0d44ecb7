"""Predicted layers and label layers in, scores out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
    QgsProcessingParameterVectorLayer,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..jobs.errors import GeoDistilError
from ..jobs.foreign import taken
from ..jobs.given import given
from ..jobs.layers.results import Origin, make_folder, of_layer, place_raster, place_vector, write_page
from ..jobs.layers.styled import OVERLAYS, VECTORS, Result, do_not_load, group_of
from ..jobs.layers.styles import style_error_boxes, style_error_map
from ..jobs.packages import package_path
from ..jobs.progress import flat, html_table, spoken, without_truth
from ..jobs.run_folder import LABELS, RoleLayers, area_entry, label_entry
from ..jobs.snapshots import CLASS_FIELD, Snapshot, raster_path
from ..jobs.translation import tr
from .base import (
    NOTHING_TO_LOSE,
    EngineAlgorithm,
    Parameters,
    Results,
    advanced,
    explained,
    remote_parameter,
)
from .parameters import ClassSource, classes_of, field_of, known_card, model_parameter

NUMBERS = {
    "MEAN_IOU": ("mean_iou", tr("Mean IoU (class maps)")),
    "AP50": ("ap50", tr("AP50 (detections)")),
    "AP": ("ap", tr("AP (detections)")),
    "LINE_F1": ("lines/f1", tr("F1 of centre lines")),
    "CONNECTIVITY": ("lines/connectivity", tr("Connectivity of centre lines")),
}
"""Number output -> (the engine's name, description)."""

ERRORS = {
    "segmentation": ("ERROR_MAP", "errors.tif", style_error_map),
    "detection": ("ERROR_OBJECTS", "errors.gpkg", style_error_boxes),
}
"""Task -> (output parameter, the engine's file, how it looks)."""

LABEL_TYPES = [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeRaster]


class Evaluate(EngineAlgorithm):
    """Scores one predicted layer."""

    NAME = "evaluate"
    TITLE = tr("Evaluate")
    SUMMARY = tr("Scores a class map (IoU, F1) or detections (AP, AP50) against a label layer.")
    HELP = tr(
        "Compares a class map or detections made by Predict with a label layer. Class maps are scored by IoU and F1 of "
        "each class and mean IoU, detections by AP and AP50.\n\n"
        "The model says what the values of the class map mean; label values are matched with its class names.\n\n"
        "Error layers show where the predictions are right and wrong: hits, false positives and missed objects of "
        "detections at the model's score thresholds, or the kind of error of each pixel of a class map.\n\n"
        "Only ground inside the labelled area counts. Use an area that the model was not trained on."
    )
    ICON = "evaluate"
    GROUP = ("map", tr("Map"))
    TAGS = ("evaluate", "accuracy", "IoU", "average precision", "validation", "scores")

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path()
        self._arguments: list[str] = []
        self._compared, self._origin = "", Origin("")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Predictions, labels, model; scores as numbers, JSON and a page."""
        self.addParameter(
            QgsProcessingParameterMapLayer(
                "PREDICTIONS", tr("Predictions (class map or detections)"), types=[*LABEL_TYPES]
            )
        )
        self.addParameter(QgsProcessingParameterMapLayer("LABELS", tr("Labels"), types=[*LABEL_TYPES]))
        self.addParameter(
            explained(
                field_of("LABELS", "FIELD", tr("Class field")),
                tr("Empty: all labels are of the model's first class."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterVectorLayer(
                    "AREA", tr("Labelled area"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
                ),
                tr("Only ground inside it counts. Empty: the whole of the predictions."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterBoolean("SELECTED_ONLY", tr("Label layers: selected features only"), False),
                tr("Label and area layers without a selection are used whole. Layer filters always apply."),
            )
        )
        self.addParameter(model_parameter("MODEL"))
        self.addParameter(
            advanced(
                explained(
                    classes_of(ClassSource("PREDICTIONS"), "LINES", tr("Class that is made of lines"), several=False),
                    tr(
                        "For example road: its centre lines are scored, too, by how many are found within three metres "
                        "and whether they are still connected. A gap that no IoU shows cuts a road."
                    ),
                )
            )
        )
        self.addParameter(remote_parameter())
        self._add_outputs()

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must have the task of the predictions; what a new ONNX file is, the engine says later."""
        try:
            card = known_card(self.parameterAsString(parameters, "MODEL", context))
        except GeoDistilError as error:
            return str(error)
        task = self._task(parameters, context)
        if card is not None and task not in card["tasks"]:
            return tr("The model {name} has no {task}, so it did not make these predictions.").format(
                name=card["name"], task=spoken(task)
            )
        lines = self.parameterAsString(parameters, "LINES", context).strip()
        classes = [each["name"] for each in card["segmentation_classes"]] if card is not None else [lines]
        if task == "segmentation" and lines and lines not in classes:
            return tr("The model {name} has no class {lines} of areas; it has {classes}.").format(
                name=given(card)["name"], lines=lines, classes=", ".join(classes)
            )
        labels = self.parameterAsLayer(parameters, "LABELS", context)
        if task == "detection" and isinstance(labels, QgsRasterLayer):
            return tr("Detections are scored against a vector layer; choose one as labels.")
        return ""

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Look at the layers; on the main thread, where they live."""
        self._folder = self.job_folder()
        self._compared = self._task(parameters, context)
        predictions = self.parameterAsLayer(parameters, "PREDICTIONS", context)
        title = tr("{predictions_name}: errors").format(predictions_name=predictions.name())
        model = package_path(self.parameterAsString(parameters, "MODEL", context))
        card = known_card(str(model))
        group = group_of(predictions, context.project()) or (card["name"] if card else model.stem,)
        self._origin = of_layer(title, predictions, group)
        self._arguments = [
            "evaluate",
            self._predictions(parameters, context),
            *("--task", self._compared),
            *self._truth(parameters, context),
        ]

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine score, then show its scores."""
        scores_file = self._file("SCORES", "scores.json", parameters, context)
        report = self._file("REPORT", "scores.html", parameters, context)
        for file in (scores_file, report):
            make_folder(file.parent)
        wanted = self._wanted_errors(parameters, context, feedback)
        model = taken(self.parameterAsString(parameters, "MODEL", context))
        command = [*self._arguments, "--model", str(model), "--output", str(scores_file)]
        if lines := self._lines(parameters, context):
            command += ["--lines", lines]
        if wanted:
            command += ["--errors", str(self._folder / ERRORS[self._compared][1])]
        self.run_engine(command, self._folder, feedback, NOTHING_TO_LOSE)
        if feedback.isCanceled():
            for destination in wanted.values():
                do_not_load(context, destination)
            return {}
        scores = json.loads(scores_file.read_text(encoding="utf-8"))
        write_page(report, html_table(tr("Scores"), scores))
        values = dict(flat(scores))
        for name, value in values.items():
            feedback.pushInfo(f"{name}: {value:.4g}")
        if sentence := without_truth(scores):
            feedback.pushWarning(sentence)
        numbers = {name: values[key] for name, (key, _) in NUMBERS.items() if key in values}
        self._place_errors(wanted, context)
        return {"SCORES": str(scores_file), "REPORT": str(report), **numbers, **wanted}

    def _wanted_errors(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, str]:
        """The error layer of the predictions' task, where it was asked for: output parameter -> destination."""
        wanted = {}
        for task, (name, _, _) in ERRORS.items():
            destination = self.parameterAsOutputLayer(parameters, name, context)
            if destination and task == self._compared:
                wanted[name] = destination
            elif destination:
                do_not_load(context, destination)
                feedback.pushInfo(
                    tr("The predictions are of {compared}: {name} is left out.").format(
                        compared=self._compared, name=name
                    )
                )
        return wanted

    def _place_errors(self, wanted: dict[str, str], context: QgsProcessingContext) -> None:
        _, file, style = ERRORS[self._compared]
        is_raster = self._compared == "segmentation"
        for name, destination in wanted.items():
            if is_raster:
                place_raster(self._folder / file, destination)
            else:
                place_vector(self._folder / file, destination, context)
            names = self.parameterDefinition(name).description(), self._origin.title
            level = OVERLAYS if is_raster else VECTORS
            layer = Result(destination, style, {}, self._origin, names, raster=is_raster, level=level)
            self.give_back(layer, context)

    def _lines(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The class that is scored as lines; of detections none is."""
        named = self.parameterAsString(parameters, "LINES", context).strip()
        return named if self._compared == "segmentation" else ""

    def _file(self, output: str, name: str, parameters: Parameters, context: QgsProcessingContext) -> Path:
        chosen = self.parameterAsFileOutput(parameters, output, context)
        return Path(chosen or QgsProcessingUtils.generateTempFilename(name))

    def _task(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        layer = self.parameterAsLayer(parameters, "PREDICTIONS", context)
        return "segmentation" if isinstance(layer, QgsRasterLayer) else "detection"

    def _predictions(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        layer = self.parameterAsLayer(parameters, "PREDICTIONS", context)
        if isinstance(layer, QgsRasterLayer):
            return raster_path(layer)
        path = self._folder / "predictions.gpkg"
        self._copies.append(Snapshot(layer, path, "class", ["score"]))
        return str(path)

    def _truth(self, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        labels = self.parameterAsLayer(parameters, "LABELS", context)
        field = self.parameterAsString(parameters, "FIELD", context) if isinstance(labels, QgsVectorLayer) else ""
        layers = RoleLayers(
            role="truth",
            rasters=[],
            labels=labels,
            field=field,
            area=self.parameterAsVectorLayer(parameters, "AREA", context),
            selected_only=self.parameterAsBool(parameters, "SELECTED_ONLY", context),
        )
        copies = self._folder / LABELS
        arguments = ["--truth", str(self._folder / label_entry(copies, layers, self._copies)["path"])]
        if field:
            arguments += ["--field", CLASS_FIELD]
        if layers.area is not None:
            arguments += ["--area", str(self._folder / area_entry(copies, layers, self._copies)["path"])]
        return arguments

    def _add_outputs(self) -> None:
        self.addParameter(
            QgsProcessingParameterFileDestination("SCORES", tr("Scores"), tr("JSON files (*.json)"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "REPORT", tr("Table of scores"), tr("HTML files (*.html)"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterVectorDestination(
                "ERROR_OBJECTS",
                tr("Errors of detections"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
                createByDefault=False,
            )
        )
        self.addParameter(
            QgsProcessingParameterRasterDestination(
                "ERROR_MAP", tr("Errors of a class map"), optional=True, createByDefault=False
            )
        )
        for name, (_, description) in NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, description))
