"""The Processing provider `geodistil`."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..jobs.translation import tr
from .base import icon
from .checksources import CheckSources
from .conversions import AreasToLines, AreasToPolygons, BoxesFromAreas
from .evaluate import Evaluate
from .exchange import ExportChips, ImportLabels
from .exportmodel import ExportModel
from .fetchimagery import FetchImagery
from .predict import Predict, PredictRasters
from .reviewpredictions import ReviewPredictions
from .trainings import DistilModel, TrainPartialMultitask, TrainSemiSupervised, TrainSupervised

ALGORITHMS = (
    CheckSources,
    TrainSupervised,
    TrainPartialMultitask,
    TrainSemiSupervised,
    DistilModel,
    ExportModel,
    Predict,
    PredictRasters,
    Evaluate,
    ReviewPredictions,
    AreasToPolygons,
    AreasToLines,
    BoxesFromAreas,
    ExportChips,
    ImportLabels,
    FetchImagery,
)


class GeoDistilProvider(QgsProcessingProvider):
    """GeoDistil's algorithms. Method names are QGIS's."""

    def id(self) -> str:  # noqa: D102
        return "geodistil"

    def name(self) -> str:  # noqa: D102
        return "GeoDistil"

    def longName(self) -> str:  # noqa: D102
        return tr("GeoDistil: networks distilled from unevenly labelled imagery")

    def icon(self) -> QIcon:  # noqa: D102
        return icon("geodistil")

    def loadAlgorithms(self) -> None:  # noqa: D102
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())

    def supportedOutputRasterLayerExtensions(self) -> list[str]:  # noqa: D102
        return ["tif"]

    def supportedOutputVectorLayerExtensions(self) -> list[str]:  # noqa: D102
        return ["gpkg", "geojson", "shp"]

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:  # noqa: D102
        return "gpkg"

    def supportsNonFileBasedOutput(self) -> bool:  # noqa: D102
        return False
