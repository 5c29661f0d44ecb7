"""How QGIS reaches a service: proxy, authorities, logins, as its settings and the layer's connection have them."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import NamedTuple

from qgis.core import Qgis, QgsApplication, QgsDataSourceUri, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkProxyQuery, QNetworkRequest

from ..environment.diagnostics import plugin_version
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
