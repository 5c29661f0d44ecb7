"""How services are reached: proxies, certificates, logins, redirects, as QGIS knows them."""

import shutil
import ssl
import subprocess

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.tiles.service import service_of
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsNetworkAccessManager, QgsRasterLayer
from qgis.PyQt.QtNetwork import QNetworkProxy

from .test_fetching import part
from .tile_server import Server

BASIC = "Basic YW5uOnNlY3JldA=="


def layer(place, more="", name="tiles"):
    made = QgsRasterLayer(f"type=xyz&url={place}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=18{more}", name, "wms")
    assert made.isValid()
    return made


@pytest.fixture
def proxied(qgis_app):
    """Sets QGIS's proxy."""
    manager = QgsNetworkAccessManager.instance()
    before = manager.fallbackProxy(), manager.excludeList(), manager.noProxyList()

    def go(kind, port):
        proxy = QNetworkProxy(kind, "127.0.0.1", port, "ann", "secret")
        manager.setFallbackProxyAndExcludes(proxy, ["http://near.invalid"], [])

    yield go
    manager.setFallbackProxyAndExcludes(*before)


def test_a_proxy_of_qgis_is_asked_and_logged_in_to(server, get, proxied):
    proxied(QNetworkProxy.ProxyType.HttpProxy, server.server_address[1])
    get(layer("http://far.invalid"), part(1, 1))
    assert server.asked[0].startswith("http://far.invalid/18/")
    assert server.seen[0]["Proxy-Authorization"] == BASIC and server.seen[0]["Host"] == "far.invalid"
    assert service_of(layer("http://near.invalid")).proxy is None


def test_a_proxy_of_another_kind_is_a_sentence(server, proxied):
    proxied(QNetworkProxy.ProxyType.Socks5Proxy, server.server_address[1])
    with pytest.raises(GeoDistilError, match=r"proxy 127\.0\.0\.1, which is no HTTP proxy"):
        service_of(layer("http://far.invalid"))


def test_a_login_goes_to_the_service_and_not_where_it_leads(server, get):
    other = Server()
    server.manner = lambda path, count: (302, {"Location": other.place + path}, b"")
    try:
        get(layer(server.place, "&username=ann&password=secret"), part(1, 1))
    finally:
        other.end()
    assert server.seen[0]["Authorization"] == BASIC
    assert len(other.seen) == 1 and "Authorization" not in other.seen[0]


def test_redirects_that_never_end_are_a_sentence(server, get):
    server.manner = lambda path, count: (302, {"Location": path}, b"")
    with pytest.raises(GeoDistilError, match="does not answer: 5 redirects"):
        get(layer(server.place), part(1, 1))


def test_an_authentication_configuration_logs_in(server, get):
    manager = QgsApplication.authManager()
    if manager.isDisabled() or not manager.setMasterPassword("for the tests", True):
        pytest.skip("no authentication database here")
    configuration = QgsAuthMethodConfig("Basic")
    configuration.setName("tiles")
    configuration.setConfigMap({"username": "ann", "password": "secret", "realm": ""})
    stored = manager.storeAuthenticationConfig(configuration)
    assert stored[0] if isinstance(stored, tuple) else stored
    try:
        get(layer(server.place, f"&authcfg={configuration.id()}"), part(1, 1))
    finally:
        manager.removeAuthenticationConfig(configuration.id())
    assert server.seen[0]["Authorization"] == BASIC


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_a_certificate_of_an_unknown_authority_is_a_sentence_at_once(get, tmp_path):
    own = str(tmp_path / "own.pem")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*make, "-keyout", own, "-out", f"{own}.crt"], check=True, capture_output=True)
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{own}.crt", own)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    try:
        with pytest.raises(GeoDistilError, match=r"(?i)certificate"):
            get(layer(f"https://127.0.0.1:{server.server_address[1]}"), part(1, 1))
    finally:
        server.end()
    assert server.asked == []


def test_a_host_that_is_not_there_is_a_sentence_at_once(get):
    with pytest.raises(GeoDistilError, match=r"The service at nowhere\.invalid does not answer"):
        get(layer("http://nowhere.invalid"), part(1, 1))


def test_an_answer_that_breaks_off_is_asked_for_again(server, get):
    def manner(path, count):
        return (200, {"Content-Length": "9999999"}, b"cut") if count == 1 else None

    server.manner = manner
    assert get(layer(server.place), part(1, 1)).absent == 0 and len(server.asked) == 2
