"""QGIS's side: states, choices, proxy and certificates, following an installation, removal, diagnostics."""

import json
import sys
import time
from pathlib import Path

import pytest
from geodistil.jobs import environment
from geodistil.jobs.environment import network, place
from geodistil.jobs.environment.installing import IMPORTS, Installation, qgis_python, request_for
from geodistil.jobs.environment.place import Choices
from geodistil.jobs.environment.status import State, Status, diagnostics, status
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.installer.download import digest
from geodistil.jobs.installer.job import only_one
from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QNetworkProxy

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(settings):
    folder = place.home()
    folder.mkdir()
    return folder


@pytest.fixture
def proxy(qgis_app):
    """Sets QGIS's proxy as its options dialog does."""
    manager = QgsNetworkAccessManager.instance()
    before = manager.fallbackProxy(), manager.excludeList(), manager.noProxyList()
    yield lambda proxy, never=(): manager.setFallbackProxyAndExcludes(proxy, [], list(never))
    manager.setFallbackProxyAndExcludes(*before)


def note(folder, requirements, build="default"):
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    values = {"python": str(python), "requirements": "linux/3.11.txt", "build": build}
    values["digest"] = digest(requirements / "linux" / "3.11.txt", build)
    (folder / "installed.json").write_text(json.dumps(values))
    return python


def test_the_state_goes_from_missing_over_broken_off_to_ready_and_outdated(folder, lock, known):
    requirements = lock(known.six, version="3.11")
    assert status(folder, requirements).state is State.MISSING
    with only_one(folder):
        assert status(folder, requirements).state is State.INSTALLING
    (folder / "venv").mkdir()
    assert status(folder, requirements).state is State.BROKEN_OFF
    python = note(folder, requirements)
    assert status(folder, requirements) == Status(State.READY, python, place.installed(folder))
    lock(known.six, known.zipp, version="3.11")
    assert status(folder, requirements).state is State.OUTDATED
    python.unlink()
    assert status(folder, requirements).state is State.BROKEN_OFF


def test_an_environment_of_one_s_own_comes_first(folder, settings, lock, known):
    note(folder, lock(known.six, version="3.11"))
    settings.setValue(environment.SETTING, sys.executable)
    assert status().state is State.OWN and str(status().python) == sys.executable
    settings.setValue(environment.SETTING, "/nowhere/python")
    assert status().state is State.OWN_MISSING


def test_choices_survive_and_the_usual_ones_leave_no_settings(settings):
    settings.remove("geodistil/environment")
    assert Choices.load() == Choices()
    chosen = Choices(python="/p", tool="pip", build="cpu", wheels="/w", index="https://u:p@host/simple", folder="/f")
    chosen.save()
    assert Choices.load() == chosen
    Choices().save()
    settings.beginGroup("geodistil/environment")
    keys = settings.allKeys()
    settings.endGroup()
    assert keys == []


def test_the_request_holds_what_was_chosen_but_no_address_with_a_password():
    request = request_for(Choices(python="/p", build="cpu", index="https://user:secret@host/simple"))
    assert request["python"] == "/p" and request["build"] == "cpu" and request["imports"] == list(IMPORTS)
    assert "secret" not in json.dumps(request)
    assert (Path(request["engine"]) / "engine" / "__main__.py").exists()


def test_all_that_the_engine_needs_on_every_platform_is_tried():
    text = (ROOT / "pyproject.toml").read_text()
    names = text.partition("dependencies = [")[2].partition("]")[0].split('"')[1::2]
    modules = {name.partition(">")[0].replace("-", "_") for name in names if ";" not in name}
    assert {"yaml" if name == "pyyaml" else name for name in modules} == set(IMPORTS)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (QNetworkProxy.ProxyType.HttpProxy, "http://user:p%40ss%20word@proxy.example:8080"),
        (QNetworkProxy.ProxyType.HttpCachingProxy, "http://user:p%40ss%20word@proxy.example:8080"),
        (QNetworkProxy.ProxyType.Socks5Proxy, "socks5://user:p%40ss%20word@proxy.example:8080"),
        (QNetworkProxy.ProxyType.NoProxy, ""),
    ],
)
def test_qgis_s_proxy_becomes_an_address(kind, address):
    assert network.proxy_address(QNetworkProxy(kind, "proxy.example", 8080, "user", "p@ss word")) == address


def test_qgis_s_proxy_and_its_exceptions_reach_the_installer_by_environment(folder, proxy):
    assert network.network_variables(folder) == {}
    kind = QNetworkProxy.ProxyType.HttpProxy
    proxy(QNetworkProxy(kind, "proxy.example", 3128), ["https://intranet.example/x", "localhost"])
    variables = network.network_variables(folder, "https://mirror.example/simple")
    assert variables["HTTPS_PROXY"] == variables["https_proxy"] == "http://proxy.example:3128"
    assert variables["no_proxy"] == "intranet.example,localhost"
    assert variables["UV_DEFAULT_INDEX"] == variables["PIP_INDEX_URL"] == "https://mirror.example/simple"


def test_authorities_that_only_qgis_knows_are_written_for_the_installer(folder, qgis_app):
    from qgis.core import QgsApplication
    from qgis.PyQt.QtNetwork import QSslCertificate

    manager = QgsApplication.authManager()
    pem = Path(__file__).with_name("unknown_authority.pem")
    certificate = QSslCertificate.fromPath(str(pem))[0]
    manager.setMasterPassword("tests", True)
    if not manager.storeCertAuthority(certificate):
        pytest.skip("QGIS's authentication database cannot be used here")
    try:
        manager.rebuildCaCertsCache()
        manager.rebuildTrustedCaCertsCache()
        variables = network.network_variables(folder)
        assert variables["SSL_CERT_FILE"] == variables["PIP_CERT"] == str(folder / "certificates.pem")
        line = pem.read_text().splitlines()[1]
        assert line in Path(variables["SSL_CERT_FILE"]).read_text()
    finally:
        manager.removeCertAuthority(certificate)
        manager.rebuildCaCertsCache()
        manager.rebuildTrustedCaCertsCache()


def follow(installation, seconds=60):
    deadline = time.monotonic() + seconds
    while installation.is_running():
        installation.poll()
        assert time.monotonic() < deadline, installation.log()
        time.sleep(0.02)
    installation.poll()
    return installation.ending


def test_an_installation_is_followed_from_qgis(folder, lock, known, uv_tools):
    (folder / "tools").symlink_to(uv_tools)
    request = {"requirements": str(lock(known.six)), "imports": ["six"], "build": "default"}
    installation = Installation(folder)
    installation.start(request)
    with pytest.raises(GeoDistilError, match="already"):
        installation.start(request)
    assert follow(installation)["kind"] == "finished", installation.log()
    assert installation.progress["package"] == "six 1.17.0"
    assert environment.engine_python() == folder / "venv" / "bin" / "python"


def test_another_qgis_finds_an_installation_that_goes_on_and_can_cancel_it(folder, lock, known, uv_tools):
    (folder / "tools").symlink_to(uv_tools)
    Installation(folder).start({"requirements": str(lock(*known.everything)), "imports": [], "build": "default"})
    other = Installation(folder)
    while not other.stage:
        other.poll()
    assert status(folder).state is State.INSTALLING
    other.stop()
    assert follow(other)["kind"] == "stopped"


def test_an_installer_that_cannot_even_start_says_why(folder):
    installation = Installation(folder)
    installation.start({"requirements": "", "imports": []}, python=Path("/bin/false"))
    assert follow(installation) == {"kind": "failed", "message": "The installer ended with exit code 1."}
    with pytest.raises(GeoDistilError, match="cannot be written"):
        Installation(Path("/proc/geodistil")).start({})


def test_the_installer_sees_nothing_of_qgis_s_python(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("GDAL_DATA", "/nowhere")
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nenv\necho arguments: $*\n")
    program.chmod(0o755)
    installation = Installation(folder)
    installation.start({}, index="https://user:secret@host/simple", python=program)
    follow(installation)
    words = installation.log()
    assert "PYTHONPATH" not in words and "GDAL_DATA" not in words
    assert "UV_DEFAULT_INDEX=https://user:secret@host/simple" in words
    assert words.rpartition("arguments: ")[2].strip() == f"-m jobs.installer {folder}"


def test_qgis_s_python_is_found_as_a_program(qgis_app):
    assert qgis_python().name.startswith("python")


def test_removing_takes_only_what_the_installer_made(folder, lock, known):
    note(folder, lock(known.six, version="3.11"))
    (folder / "holiday.jpg").touch()
    with only_one(folder), pytest.raises(GeoDistilError, match="under way"):
        place.remove(folder)
    assert (folder / "venv").exists()
    place.remove(folder)
    assert [path.name for path in folder.iterdir()] == ["holiday.jpg"]
    assert status(folder).state is State.MISSING
    place.remove(folder / "never there")


def test_diagnostics_tell_what_happened_and_no_password(folder):
    (folder / "log.txt").write_text("cannot reach https://user:secret@proxy.example:8080/six\n")
    (folder / "events.jsonl").write_text('{"kind": "failed", "message": "The connection failed."}\n')
    text = diagnostics(status(folder), folder, Choices(index="https://me:secret@host/simple"))
    assert "secret" not in text and "https://***@proxy.example:8080/six" in text
    for part in ("QGIS 3.", "The connection failed.", "GB free", "State: missing", str(folder)):
        assert part in text
