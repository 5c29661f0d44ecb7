"""QGIS's proxy and certificates as environment variables, which other users of the machine cannot list."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from qgis.core import QgsApplication, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkProxyFactory, QNetworkProxyQuery

REGISTRY = "https://pypi.org"
CERTIFICATES_FILE = "certificates.pem"
SCHEMES = {
    QNetworkProxy.ProxyType.HttpProxy: "http",
    QNetworkProxy.ProxyType.HttpCachingProxy: "http",
    QNetworkProxy.ProxyType.Socks5Proxy: "socks5",
}


def network_variables(folder: Path, index: str = "") -> dict[str, str]:
    """What the installer needs to get out of the house.

    Args:
        folder: the environment's folder; certificates that only QGIS knows are written there.
        index: the package index; empty for PyPI.
    """
    return {**_proxy_variables(), **_certificate_variables(folder), **_index_variables(index)}


def _proxy_variables() -> dict[str, str]:
    address = proxy_address(_proxy())
    if not address:
        return {}
    excluded = ",".join(filter(None, map(_host, QgsNetworkAccessManager.instance().noProxyList())))
    values = {"http_proxy": address, "https_proxy": address, "all_proxy": address}
    if excluded:
        values["no_proxy"] = excluded
    # Some programs read the one spelling, some the other.
    return {**values, **{key.upper(): value for key, value in values.items()}}


def proxy_address(proxy: QNetworkProxy) -> str:
    """`http://user:password@host:port`; empty for no proxy."""  # pragma: allowlist secret
    scheme = SCHEMES.get(proxy.type())
    if scheme is None or not proxy.hostName():
        return ""
    login = quote(proxy.user(), safe="")
    if login and proxy.password():
        login += ":" + quote(proxy.password(), safe="")
    port = f":{proxy.port()}" if proxy.port() else ""
    return f"{scheme}://{login}{'@' if login else ''}{proxy.hostName()}{port}"


def _proxy() -> QNetworkProxy:
    manager = QgsNetworkAccessManager.instance()
    if manager.useSystemProxy():
        return QNetworkProxyFactory.systemProxyForQuery(QNetworkProxyQuery(QUrl(REGISTRY)))[0]
    return manager.fallbackProxy()


def _certificate_variables(folder: Path) -> dict[str, str]:
    """Authorities added in QGIS, together with the system's; nothing where QGIS has none of its own."""
    manager = QgsApplication.authManager()
    if manager.isDisabled() or not (manager.extraFileCAs() or manager.databaseCAs()):
        return {}
    path = folder / CERTIFICATES_FILE
    path.write_bytes(bytes(manager.trustedCaCertsPemText()))
    return dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE"), str(path))


def _index_variables(index: str) -> dict[str, str]:
    return dict.fromkeys(("UV_DEFAULT_INDEX", "PIP_INDEX_URL"), index) if index else {}


def _host(url: str) -> str:
    return urlsplit(url if "//" in url else f"//{url}").hostname or ""
