"""What a layer of QGIS's provider `wms` tells of its service, and how QGIS reaches it: proxy, authorities, logins."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsMapLayer,
    QgsNetworkAccessManager,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkProxyQuery, QNetworkRequest

from ..environment import plugin_version
from ..errors import GeoDistilError
from ..translation import tr

Kind = QNetworkProxy.ProxyType
HTTP_PROXIES = (Kind.HttpProxy, Kind.HttpCachingProxy)
Headers = tuple[tuple[str, str], ...]


class Proxy(NamedTuple):
    """An HTTP proxy; its headers log in."""

    host: str
    port: int
    headers: Headers


@lru_cache(maxsize=1)
def user_agent() -> str:
    """Who asks."""
    return f"GeoDistil/{plugin_version()} (QGIS plugin) QGIS/{Qgis.QGIS_VERSION.split('-')[0]}"


def referring(uri: QgsDataSourceUri) -> Headers:
    """What a connection adds to requests; before QGIS 3.26 that was the referer only."""
    found = {"Referer": uri.param("referer")} if uri.hasParam("referer") else {}
    if hasattr(uri, "httpHeaders"):
        headers = uri.httpHeaders()
        found.update({name.title(): str(headers.header(name)) for name in headers.keys()})  # noqa: SIM118
    return tuple(found.items())


def login(uri: QgsDataSourceUri, url: str, layer: str) -> Headers:
    """Headers that log in, by QGIS's authentication configuration or the connection's name and password.

    Raises:
        GeoDistilError: the configuration cannot be used so, such as one of certificates.
    """
    if not uri.authConfigId():
        return (("Authorization", basic(uri.username(), uri.password())),) if uri.username() else ()
    request = QNetworkRequest(QUrl(url.split("{")[0]))
    answer = QgsApplication.authManager().updateNetworkRequest(request, uri.authConfigId())
    done, request = answer if isinstance(answer, tuple) else (answer, request)
    names = [bytes(name) for name in request.rawHeaderList()]
    if not done or not names:
        raise GeoDistilError(
            "service",
            tr("The authentication configuration of the layer {layer} cannot be used to fetch imagery.").format(
                layer=layer
            ),
            tr("Use one that logs in with a name, a password or a header."),
        )
    return tuple((name.decode("latin-1"), bytes(request.rawHeader(name)).decode("latin-1")) for name in names)


def proxy_for(url: str) -> Proxy | None:
    """QGIS's proxy for an address.

    Raises:
        GeoDistilError: it is of a kind that cannot be used here.
    """
    factory = QgsNetworkAccessManager.instance().proxyFactory()
    found = factory.queryProxy(QNetworkProxyQuery(QUrl(url.split("{")[0]))) if factory is not None else []
    if not found or not found[0].hostName() or found[0].type() in (Kind.NoProxy, Kind.DefaultProxy):
        return None
    proxy = found[0]
    if proxy.type() not in HTTP_PROXIES:
        raise GeoDistilError(
            "service",
            tr("Imagery cannot be fetched through the proxy {proxy}, which is no HTTP proxy.").format(
                proxy=proxy.hostName()
            ),
            tr("Change it in Settings > Options > Network, or exclude this address there."),
        )
    headers = (("Proxy-Authorization", basic(proxy.user(), proxy.password())),) if proxy.user() else ()
    return Proxy(proxy.hostName(), proxy.port(), headers)


def authorities() -> str:
    """Certificates of authorities that QGIS trusts beside the system's; for the main thread."""
    manager = QgsApplication.authManager()
    return "" if manager.isDisabled() else bytes(manager.trustedCaCertsPemText()).decode("ascii", "ignore")


def basic(user: str, password: str) -> str:
    """The value of a header that logs in by name and password."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


XYZ, WMS, WMTS = "xyz", "wms", "wmts"
TILE = 256
WEB_MERCATOR_SIDE = 2 * 20037508.342789244
"""Side of the square that zoom 0 shows, in metres of EPSG:3857."""

MOST_ZOOM = 18
"""QGIS's own, where a connection does not say."""

SECRETS = re.compile(r"key|token|secret|sig|pass|auth|login|user|client", re.IGNORECASE)
"""Names of an address's parameters that nobody else is to read."""


@dataclass(frozen=True)
class Service:
    """A service, as a layer shows it. Made on the main thread, used on any.

    Args:
        name: the layer's.
        kind: xyz, wmts or wms.
        url: template of its tiles (XYZ), address of its capabilities (WMTS), or of its maps (WMS).
        crs: of the tiles.
        extent: of the layer, in that CRS.
        resolutions: units of the CRS that a pixel has, coarse to fine; empty where any can be asked for (WMS).
        first_zoom: number of the first of them (XYZ).
        tile: pixels of a tile's side, as far as it is known before any is there.
        layers: names (WMS, WMTS).
        styles: likewise.
        format: MIME type, or empty.
        matrix_set: tile matrix set (WMTS).
        dimensions: (name, value) pairs (WMTS).
        largest: most pixels of a picture's side that the layer's settings allow (WMS); 0 where they do not say.
        transparent: whether ground without imagery is to stay clear (WMS).
        headers: (name, value) pairs that each request gets.
        secret_headers: those that only the service itself gets, not where it leads to: logins.
        attribution: who is to be named with the imagery.
        attribution_url: where that is said.
        proxy: that QGIS has for this address.
        authorities: certificates that QGIS trusts, as PEM; empty where the system's are all.
    """

    name: str
    kind: str
    url: str
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    resolutions: tuple[float, ...] = ()
    first_zoom: int = 0
    tile: int = TILE
    layers: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    format: str = ""
    matrix_set: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    largest: int = 0
    transparent: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, str], ...] = ()
    attribution: str = ""
    attribution_url: str = ""
    proxy: Proxy | None = None
    authorities: str = ""

    @property
    def host(self) -> str:
        """As people know it, with a port that is not the usual one."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def shown_url(self) -> str:
        """The address without what it holds of keys and passwords."""
        parts = urlsplit(self.url)
        query = [(name, "***" if SECRETS.search(name) else value) for name, value in parse_qsl(parts.query, True)]
        return urlunsplit(parts._replace(netloc=self.host, query=urlencode(query, safe="{}*,:/")))


def is_service(layer: QgsMapLayer | None) -> bool:
    """Whether a layer is imagery of a web service that can be fetched."""
    return isinstance(layer, QgsRasterLayer) and layer.providerType() == "wms" and _type(_uri(layer)) in ("xyz", "")


def service_of(layer: QgsRasterLayer) -> Service:
    """The service behind a layer; for the main thread.

    Raises:
        GeoDistilError: it is none that can be fetched, or its layer cannot be used.
    """
    uri = _uri(layer)
    url = unquote(uri.param("url")) if _type(uri) == "xyz" else uri.param("url")
    if not is_service(layer) or not layer.isValid() or not urlsplit(url).scheme.startswith("http"):
        raise GeoDistilError(
            "raster",
            tr("The layer {layer} is no XYZ, WMTS or WMS layer of a web service that works.").format(
                layer=layer.name()
            ),
            tr("Look at it on the map, and at Layer > Properties > Information."),
        )
    crs = layer.dataProvider().crs()
    common = {
        "name": layer.name(),
        "url": url,
        "crs": crs,
        "extent": layer.dataProvider().extent(),
        "headers": (("User-Agent", user_agent()), *referring(uri)),
        "secret_headers": login(uri, url, layer.name()),
        "proxy": proxy_for(url),
        "authorities": authorities(),
        "attribution": layer.attribution() or "; ".join(layer.metadata().rights()),
        "attribution_url": layer.attributionUrl(),
    }
    if _type(uri) == "xyz":
        return _xyz(uri, common)
    common["layers"], common["styles"] = tuple(uri.params("layers")), tuple(uri.params("styles"))
    common["format"] = uri.param("format")
    if uri.hasParam("tileMatrixSet") and "wmsc" not in uri.param("tileMatrixSet").lower():
        return _wmts(uri, layer, common)
    sides = [int(uri.param(name)) for name in ("maxWidth", "maxHeight") if uri.param(name).isdigit()]
    return Service(kind=WMS, largest=min([side for side in sides if side] or [0]), **common)


def _uri(layer: QgsRasterLayer) -> QgsDataSourceUri:
    uri = QgsDataSourceUri()
    uri.setEncodedUri(layer.source())
    return uri


def _type(uri: QgsDataSourceUri) -> str:
    return uri.param("type") if uri.hasParam("type") else ""


def _xyz(uri: QgsDataSourceUri, common: dict[str, Any]) -> Service:
    least = int(uri.param("zmin")) if uri.param("zmin").isdigit() else 0
    most = int(uri.param("zmax")) if uri.param("zmax").isdigit() else MOST_ZOOM
    tile = TILE * 2 if uri.param("tilePixelRatio") == "2" else TILE
    zooms = range(least, max(least, most) + 1)
    sizes = tuple(WEB_MERCATOR_SIDE / tile / 2**zoom for zoom in zooms)
    return Service(kind=XYZ, resolutions=sizes, first_zoom=least, tile=tile, **common)


def _wmts(uri: QgsDataSourceUri, layer: QgsRasterLayer, common: dict[str, Any]) -> Service:
    pairs = [each.partition("=") for each in uri.param("tileDimensions").split(";") if "=" in each]
    sizes = tuple(sorted(layer.dataProvider().nativeResolutions(), reverse=True))
    return Service(
        kind=WMTS,
        resolutions=sizes,
        matrix_set=uri.param("tileMatrixSet"),
        dimensions=tuple((name, value) for name, _, value in pairs),
        **common,
    )
