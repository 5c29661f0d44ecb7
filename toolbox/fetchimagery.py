"""A part of a web service in, a GeoTIFF out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ..jobs.errors import CancelledError, GeoDistilError
from ..jobs.given import given
from ..jobs.layers.results import place_raster
from ..jobs.layers.styled import do_not_load
from ..jobs.translation import tr
from .base import EXCHANGE, EngineAlgorithm, Parameters, Results, advanced, explained

if TYPE_CHECKING:  # what fetches is loaded where something is fetched: QGIS starts with this module
    from ..jobs.tiles.fetching import Progress
    from ..jobs.tiles.plan import Order

Double = QgsProcessingParameterNumber.Type.Double
SAID_SECONDS = 2.0


class FetchImagery(EngineAlgorithm):
    """Fetches; the plugin does it, the engine has no part in it."""

    NAME = "fetchimagery"
    TITLE = tr("Fetch imagery")
    SUMMARY = tr("Saves a part of an XYZ, WMTS or WMS layer as a GeoTIFF.")
    HELP = tr(
        "Fetches a part of a web service's imagery into a GeoTIFF that models can be trained with and that they can "
        "predict. Pixels are as the service has them, in its CRS: tiles are not resampled, and ground without "
        "imagery is transparent.\n\n"
        "The service is asked for two pictures at a time, again after a while where it is busy, and no more where it "
        "says no. What has come is kept for 30 days: after a cancel or a broken connection the same fetch goes on "
        "where it was. Proxy, certificates and logins are those of QGIS.\n\n"
        "Whether imagery may be fetched, and learned from, is for the service's terms of use to say; many map tiles "
        "must not be fetched in bulk. Who is to be named is kept in the file's tags and metadata."
    )
    ICON = "fetch"
    GROUP = EXCHANGE
    TAGS = ("fetch", "download", "XYZ", "WMS", "WMTS", "tiles", "service", "basemap", "orthophoto", "GeoTIFF")

    def __init__(self) -> None:
        super().__init__()
        self._order: Order | None = None

    def canExecute(self) -> tuple[bool, str]:
        """Always: it needs no engine."""
        return True, ""

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Layer, part, pixel size, file."""
        self.addParameter(QgsProcessingParameterRasterLayer("LAYER", tr("Layer of a web service")))
        self.addParameter(
            explained(
                QgsProcessingParameterExtent("EXTENT", tr("Extent")),
                tr("The part that is fetched; whole pixels that cover it."),
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterNumber(
                    "PIXEL_SIZE", tr("Pixel size on the ground (metres)"), Double, optional=True, minValue=0.001
                ),
                tr(
                    "Of XYZ and WMTS the nearest zoom level that is as fine is taken. Empty: the finest that the "
                    "service has; a WMS needs a number."
                ),
            )
        )
        self.addParameter(
            advanced(
                explained(
                    QgsProcessingParameterBoolean("LARGE", tr("Fetch more than 2,048 tiles"), False),
                    tr("More takes long and is much to ask of a service. Over 32,768 tiles are never fetched at once."),
                )
            )
        )
        self.addParameter(QgsProcessingParameterRasterDestination("IMAGERY", tr("Imagery")))
        self.addOutput(QgsProcessingOutputNumber("TILES", tr("Number of tiles")))
        self.addOutput(QgsProcessingOutputNumber("GROUND_METRES", tr("Pixel size on the ground")))

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The layer must be a service's, and the part not too large."""
        try:
            self._take_order(parameters, context)
        except GeoDistilError as error:
            return str(error)
        return ""

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Settle what is fetched; on the main thread, where the layer lives."""
        self._take_order(parameters, context)
        feedback.pushInfo(given(self._order).estimate.text)

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Fetch."""
        from ..jobs.tiles.fetching import fetch

        destination = self.parameterAsOutputLayer(parameters, "IMAGERY", context)
        own = Path(destination).suffix.lower() in (".tif", ".tiff")
        path = Path(destination) if own else self.job_folder() / "imagery.tif"
        try:
            fetched = fetch(given(self._order), path, telling(feedback), feedback.isCanceled)
        except CancelledError:
            do_not_load(context, destination)
            return {}
        if not own:
            place_raster(path, destination)
        feedback.pushInfo(
            tr("Tiles: {count}, of which {asked} were asked for now and {absent} are ground without imagery.").format(
                count=fetched.tiles, asked=fetched.asked, absent=fetched.absent
            )
        )
        self._name_and_credit(destination, context)
        return {"IMAGERY": destination, "TILES": fetched.tiles, "GROUND_METRES": given(self._order).estimate.ground}

    def _take_order(self, parameters: Parameters, context: QgsProcessingContext) -> None:
        from ..jobs.tiles.plan import order_for, refuse_many

        layer = self.parameterAsRasterLayer(parameters, "LAYER", context)
        extent = self.parameterAsExtent(parameters, "EXTENT", context)
        crs = self.parameterAsExtentCrs(parameters, "EXTENT", context)
        pixel = self.parameterAsDouble(parameters, "PIXEL_SIZE", context) if parameters.get("PIXEL_SIZE") else 0.0
        self._order = order_for(layer, extent, crs, pixel, context.project())
        if not self.parameterAsBool(parameters, "LARGE", context):
            refuse_many(
                self._order,
                tr("Choose a smaller extent or larger pixels, or turn on Fetch more than 2,048 tiles."),
            )

    def _name_and_credit(self, destination: str, context: QgsProcessingContext) -> None:
        if not context.willLoadLayerOnCompletion(destination):
            return
        service = given(self._order).service
        details = context.layerToLoadOnCompletionDetails(destination)
        if details.name == self.parameterDefinition("IMAGERY").description():
            details.name = tr("{layer} (fetched)").format(layer=service.name)
        credit = Credit(service.attribution, service.attribution_url)
        Credit.alive.append(credit)
        details.setPostProcessor(credit)


def telling(feedback: QgsProcessingFeedback) -> Callable[[Progress], None]:
    """What shows where a fetch is; in words, which the log keeps, now and then."""
    said = -SAID_SECONDS

    def told(progress: Progress) -> None:
        nonlocal said
        feedback.setProgress(100 * progress.done / progress.of)
        if time.monotonic() - said >= SAID_SECONDS or progress.done == progress.of:
            said = time.monotonic()
            feedback.setProgressText(progress.text)

    return told


class Credit(QgsProcessingLayerPostProcessorInterface):
    """Has the map name whose imagery it shows; QGIS keeps a bare pointer to it, so `alive` holds on."""

    alive: list[Credit] = []  # noqa: RUF012

    def __init__(self, attribution: str, url: str) -> None:
        super().__init__()
        self._attribution, self._url = attribution, url

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Credit the layer (called by Processing, on the main thread)."""
        from ..jobs.tiles.fetching import credit

        credit(layer, self._attribution, self._url)
