"""A model and imagery in, where to label next out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
    QgsProcessingParameterVectorLayer,
    QgsVectorLayer,
)

from ..jobs.errors import GeoDistilError
from ..jobs.layers.results import distinct, of_model, place_vector
from ..jobs.layers.styled import Result, do_not_load
from ..jobs.layers.styles import style_areas, style_next
from ..jobs.packages import package_path, read_card, run_of
from ..jobs.snapshots import Snapshot, raster_path
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, Results, advanced, explained, remote_parameter
from .parameters import model_parameter

LAYERS = {
    "LABEL_NEXT": ("label_next", tr("label here next"), style_next),
    "PSEUDO_LABELS": ("pseudo_labels", tr("pseudo-labels"), style_areas),
}
"""Output parameter -> (the engine's layer, a person's name for it, how it looks)."""

Integer, Double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double
POLYGONS = QgsProcessing.SourceType.TypeVectorPolygon


class ReviewPredictions(EngineAlgorithm):
    """The engine's `review`."""

    NAME = "reviewpredictions"
    TITLE = tr("Find where to label next")
    SUMMARY = tr("Ranks the ground whose labels would help a model most, and shows what it is sure of.")
    HELP = tr(
        "Looks at imagery with a model and cuts it into square cells, ranked by how much their labels would help. A "
        "cell helps where the model is unsure (its class probabilities are even, its boxes have middling scores) and, "
        "for a semi-supervised run, where its two teachers disagree. Cells that look like one before them, or lie "
        "beside it, come later, so that the first ten are not one roof.\n\n"
        "The pseudo-labels are areas of which the model is sure and, for a semi-supervised run, on which both teachers "
        "agree: what such a training takes for labels. Look at them before you trust them.\n\n"
        "The model is a package, or the `item.json` of the folder `model` in a run folder; the run's own unlabelled "
        "imagery is looked at where none is chosen, and ground inside its labelled areas is left out."
    )
    ICON = "review"
    GROUP = ("map", tr("Map"))
    TAGS = ("active learning", "uncertainty", "entropy", "pseudo-labels", "review", "labels", "confidence")

    def __init__(self) -> None:
        super().__init__()
        self._model = Path()
        self._card: dict[str, Any] = {}
        self._rasters: list[str] = []
        self._names, self._above = "", ""
        self._labelled: list[str] = []
        self._folder = Path()

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Model, imagery, labelled ground, numbers, layers."""
        self.addParameter(model_parameter("MODEL", foreign=False))
        self.addParameter(
            explained(
                QgsProcessingParameterMultipleLayers(
                    "RASTERS", tr("Imagery"), QgsProcessing.SourceType.TypeRaster, optional=True
                ),
                tr("Empty: the unlabelled imagery of the run that the model comes from."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterVectorLayer("LABELLED", tr("Labelled ground"), [POLYGONS], optional=True),
                tr("Polygons of ground that has labels already; it is left out."),
            )
        )
        self.addParameter(QgsProcessingParameterNumber("COUNT", tr("Cells to propose"), Integer, 100, minValue=1))
        self.addParameter(
            explained(
                QgsProcessingParameterNumber("CELL", tr("Side of a cell (metres)"), Double, optional=True, minValue=0),
                tr("Empty: half a window of the model."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterNumber(
                    "CONFIDENCE",
                    tr("Least confidence of pseudo-labels (percent)"),
                    Double,
                    80,
                    minValue=0,
                    maxValue=100,
                ),
                tr("Probability of an area's class; of a model that only detects, the score of a box."),
            )
        )
        self.addParameter(
            advanced(QgsProcessingParameterString("DEVICE", tr("Device (auto, cpu, cuda, cuda:1, mps)"), "auto"))
        )
        self.addParameter(remote_parameter())
        for name, description in (("LABEL_NEXT", tr("Where to label next")), ("PSEUDO_LABELS", tr("Pseudo-labels"))):
            self.addParameter(QgsProcessingParameterVectorDestination(name, description, POLYGONS, optional=True))
        self.addOutput(QgsProcessingOutputNumber("CELLS", tr("Number of cells")))

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package, and there must be imagery."""
        try:
            model = package_path(self.parameterAsString(parameters, "MODEL", context))
            read_card(model)
        except GeoDistilError as error:
            return str(error)
        if run_of(model) is None and not self.parameterAsLayerList(parameters, "RASTERS", context):
            return tr("Choose imagery: the model does not lie in a run folder, whose own could be looked at.")
        return ""

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Find the files, and look at the layers; on the main thread, where layers live."""
        self._folder = self.job_folder()
        self._model = package_path(self.parameterAsString(parameters, "MODEL", context))
        self._card = read_card(self._model)
        layers = self.parameterAsLayerList(parameters, "RASTERS", context)
        self._rasters = [raster_path(layer) for layer in layers]
        self._names = ", ".join(layer.name() for layer in layers[:3]) or self._card["name"]
        self._above = layers[0].id() if layers else ""
        self._snapshot(self.parameterAsVectorLayer(parameters, "LABELLED", context))

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Let the engine look, then put its layers where they were asked for."""
        wanted = {name: self.parameterAsOutputLayer(parameters, name, context) for name in LAYERS}
        wanted = {name: destination for name, destination in wanted.items() if destination}
        ending = self.run_engine(self._arguments(parameters, context), self._folder, feedback)
        if ending.get("kind") != "finished":
            for destination in wanted.values():
                do_not_load(context, destination)
            return {}
        for name, destination in wanted.items():
            self._place(name, destination, context)
        return {**wanted, "CELLS": ending["outputs"]["label_next"]}

    def _snapshot(self, layer: QgsVectorLayer | None) -> None:
        if layer is not None:
            path = self._folder / "labelled.gpkg"
            self._copies.append(Snapshot(layer, path))
            self._labelled = ["--labelled", str(path)]

    def _arguments(self, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        run = run_of(self._model)
        arguments = ["review", str(run or self._model), *self._rasters, *self._labelled]
        arguments += ["--output", str(self._folder / "review.gpkg"), "--events", str(self._folder)]
        arguments += ["--count", str(self.parameterAsInt(parameters, "COUNT", context))]
        arguments += ["--confidence", str(self.parameterAsDouble(parameters, "CONFIDENCE", context) / 100)]
        arguments += ["--device", self.parameterAsString(parameters, "DEVICE", context) or "auto"]
        if parameters.get("CELL") is not None:
            arguments += ["--cell", str(self.parameterAsDouble(parameters, "CELL", context))]
        return arguments

    def _place(self, name: str, destination: str, context: QgsProcessingContext) -> None:
        layer, words, style = LAYERS[name]
        place_vector(self._folder / "review.gpkg", destination, context, layer)
        title = f"{self._names}: {words}"
        origin = of_model(title, self._card, str(self._model), ", ".join(self._rasters) or tr("the run's own"))
        classes = [each for task in self._card["tasks"] for each in self._card[f"{task}_classes"]]
        legend: dict[str, Any] = {"colors": {each["name"]: each["color"] for each in classes}}
        if name == "PSEUDO_LABELS":
            legend["present"] = distinct(Path(destination), "class")
        names = self.parameterDefinition(name).description(), title
        self.give_back(Result(destination, style, legend, origin, names, self._above), context)
