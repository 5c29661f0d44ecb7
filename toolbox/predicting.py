"""What predicting one raster and many have in common: the model, where and how to predict, results as layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsRasterLayer,
    QgsRectangle,
)

from ..jobs.errors import GeoDistilError
from ..jobs.foreign import taken
from ..jobs.layers.styled import Imagery, Model, Result, prediction
from ..jobs.package_registry import note_predicted
from ..jobs.packages import read_card
from ..jobs.reference_systems import extent_arguments, view_on
from ..jobs.snapshots import NEEDED, Snapshot
from ..jobs.tiles.service import Service, is_service, service_of
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, advanced, explained, remote_parameter
from .fetchimagery import telling
from .parameters import choice, known_card, model_parameter

TTA = (("none", tr("none")), ("flips", tr("flips (4 views)")), ("all", tr("flips and turns (8 views)")))
BACKENDS = (
    ("auto", tr("the fastest here")),
    ("torch", "PyTorch"),
    ("onnxruntime", "ONNX Runtime"),
    ("openvino", "OpenVINO"),
)

Double, Integer = QgsProcessingParameterNumber.Type.Double, QgsProcessingParameterNumber.Type.Integer


class PredictingAlgorithm(EngineAlgorithm):
    """Predicts with a model package, or with an ONNX file of another program."""

    ICON = "predict"
    GROUP = ("map", tr("Map"))
    TAGS = ("predict", "inference", "segmentation", "detection", "regression", "classify", "objects", "ONNX")

    def __init__(self) -> None:
        super().__init__()
        self._model = Path()
        self._card: dict[str, Any] = {}

    def add_model(self) -> None:
        """Add the model; with the sources it comes first."""
        self.addParameter(model_parameter("MODEL"))

    def add_ground(self) -> None:
        """Add where to predict."""
        self.addParameter(
            explained(
                QgsProcessingParameterFeatureSource(
                    "AREA", tr("Only inside these polygons"), [QgsProcessing.SourceType.TypeVectorPolygon], "", True
                ),
                tr(
                    "The results are cropped to them; ground between them is no-data and not computed. Empty: "
                    "everywhere."
                ),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterExtent("EXTENT", tr("Only inside this extent"), optional=True),
                tr("The results are cropped to it. Empty: the whole raster."),
            )
        )

    def add_details(self) -> None:
        """Add how to predict."""
        self.addParameter(
            explained(
                QgsProcessingParameterNumber(
                    "SCORE", tr("Least score of a detection"), Double, optional=True, minValue=0, maxValue=1
                ),
                tr("Empty: the model's own, for each class the best on its validation blocks."),
            )
        )
        for parameter, text in (
            (
                choice("TTA", tr("Test-time augmentation"), TTA, "none"),
                tr("Averages over several views of each window: flips are 4, all turns 8. Better, and as much slower."),
            ),
            (
                QgsProcessingParameterNumber(
                    "OVERLAP",
                    tr("Overlap of neighbouring windows (percent)"),
                    Double,
                    None,
                    optional=True,
                    minValue=0,
                    maxValue=50,
                ),
                tr("Empty: as much as the network needs, which is measured on the raster."),
            ),
            (
                choice("BACKEND", tr("Backend"), BACKENDS, "auto"),
                tr("What runs the network. auto: the fastest, measured once for each model and remembered."),
            ),
            (
                QgsProcessingParameterNumber("BATCH_SIZE", tr("Windows at a time"), Integer, optional=True, minValue=1),
                tr("Empty: what suits the backend."),
            ),
            (
                QgsProcessingParameterString("DEVICE", tr("Device (auto, cpu, cuda, cuda:1, mps, xpu)"), "auto"),
                tr("auto: a graphics card where there is one."),
            ),
        ):
            self.addParameter(advanced(explained(parameter, text)))
        self.addParameter(remote_parameter())

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model must be a package; what an ONNX file is, the engine says later."""
        try:
            known_card(self.parameterAsString(parameters, "MODEL", context))
        except GeoDistilError as error:
            return str(error)
        return ""

    def take_model(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Find the package, and adopt an ONNX file; on the worker, for the engine takes its time.

        Raises:
            QgsProcessingException: the model cannot be used, in one sentence.
        """
        self._model = taken(self.parameterAsString(parameters, "MODEL", context))
        self._card = read_card(self._model)
        note_predicted(self._model)

    def services_problem(
        self, layers: list[QgsRasterLayer], parameters: Parameters, context: QgsProcessingContext
    ) -> str:
        """Of a web service a part must be named: it has no end."""
        service = next(filter(is_service, layers), None)
        if service is None or parameters.get("EXTENT") or parameters.get("AREA"):
            return ""
        return tr(
            "The layer {layer} is a web service: choose which part of it is to be predicted, by an extent such as "
            "that of the map, or by polygons."
        ).format(layer=service.name())

    def part_of(
        self, layer: QgsRasterLayer, parameters: Parameters, context: QgsProcessingContext
    ) -> tuple[Service, QgsRectangle]:
        """A service, and the part of it that is predicted, in the layer's CRS: the extent, else that of the polygons.

        For the main thread, where layers live.
        """
        if parameters.get("EXTENT"):
            return service_of(layer), self.parameterAsExtent(parameters, "EXTENT", context, layer.crs())
        source = self.parameterAsSource(parameters, "AREA", context)
        extent = view_on(source.sourceExtent(), source.sourceCrs(), layer, context.project())
        return service_of(layer), extent

    def fetched(self, service: Service, part: QgsRectangle, feedback: QgsProcessingFeedback) -> str:
        """The part of a service as a file, at pixels as fine as the model's; on the worker.

        Raises:
            GeoDistilError: it is too much, or cannot be fetched.
            CancelledError: it was cancelled.
        """
        from ..jobs.tiles.fetching import fetch_kept
        from ..jobs.tiles.plan import Order, estimate, refuse_many

        order = Order(service, part, estimate(service, part, self._card["gsd"]))
        feedback.pushInfo(order.estimate.text)
        refuse_many(order, tr("Fetch it first with Fetch imagery, and predict the file."))
        return str(fetch_kept(order, telling(feedback), feedback.isCanceled))

    def arguments(self, parameters: Parameters, context: QgsProcessingContext, scratch: Path) -> list[str]:
        """Where and how to predict, as the command line has it.

        Args:
            parameters: of this run.
            context: of this run.
            scratch: where a copy of the polygons goes.
        """
        arguments = ["--tta", self.parameterAsEnumString(parameters, "TTA", context)]
        arguments += ["--backend", self.parameterAsEnumString(parameters, "BACKEND", context)]
        arguments += ["--device", self.parameterAsString(parameters, "DEVICE", context) or "auto"]
        arguments += ["--overlap", self._overlap(parameters, context)]
        if parameters.get("BATCH_SIZE") is not None:
            arguments += ["--batch-size", str(self.parameterAsInt(parameters, "BATCH_SIZE", context))]
        if parameters.get("SCORE") is not None:
            arguments += ["--score", str(self.parameterAsDouble(parameters, "SCORE", context))]
        return arguments + self._extent(parameters, context) + self._area(parameters, context, scratch)

    def result(self, kind: str, path: str, imagery: Imagery, name: str) -> Result:
        """A file of the engine as a layer to be given back.

        Args:
            kind: the engine's name of the output.
            path: where it is now.
            imagery: what was predicted.
            name: what Processing calls the layer.
        """
        found = prediction(kind, path, Model(self._card, str(self._model)), imagery)
        return replace(found, names=(name, found.origin.title))

    def _overlap(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        if parameters.get("OVERLAP") is None:
            return "auto"
        return str(self.parameterAsDouble(parameters, "OVERLAP", context) / 100)

    def _extent(self, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        extent = self.parameterAsExtent(parameters, "EXTENT", context)
        if not parameters.get("EXTENT") or extent.isEmpty():
            return []
        return extent_arguments(extent, self.parameterAsExtentCrs(parameters, "EXTENT", context))

    def _area(self, parameters: Parameters, context: QgsProcessingContext, scratch: Path) -> list[str]:
        source = self.parameterAsSource(parameters, "AREA", context)
        if source is None:
            if parameters.get("AREA"):
                raise QgsProcessingException(self.invalidSourceError(parameters, "AREA"))
            return []
        path = scratch / "area.gpkg"
        self._copies.append(Snapshot(source, path, which=NEEDED))
        return ["--area", str(path)]
