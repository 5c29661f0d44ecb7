"""Small locked sets, an installer at work in a folder, package indexes on this machine, and the real registry."""

import contextlib
import functools
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ROOT / "resources" / "requirements"
SIX_OLD = ("six", "1.16.0", "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254", 11053)
SIX = ("six", "1.17.0", "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274", 11050)
INICONFIG = ("iniconfig", "2.1.0", "9deba5723312380e77435581c6bf4935c94cbfab9b1ed33ef8d238ea168eb760", 6050)
ZIPP = ("zipp", "3.21.0", "ac1bbe05fd2991f160ebce24ffbac5f6d11d83dc90891255885223d42b3cd931", 9630)
PLUGGY = ("pluggy", "1.6.0", "e920276dd6813095e9377c0bc5566d94c932c33b27a3e3945d8389c374dd4746", 20538)
MPMATH = ("mpmath", "1.3.0", "a0b2b9fe80bbcd81a6647ff13108738cfb482d481d826cc0e02f5b35e5c88d2c", 536198)
NOBODY = 65534
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
BARE = ("PIP_FIND_LINKS", "PIP_CONFIG_FILE", "UV_FIND_LINKS", "PYTHONPATH", "QT_QPA_PLATFORM")


@pytest.fixture(scope="session")
def known():
    """Locked packages of the registry: name, version, hash, size."""
    everything = (SIX, INICONFIG, ZIPP, PLUGGY, MPMATH)
    return SimpleNamespace(six=SIX, six_old=SIX_OLD, iniconfig=INICONFIG, zipp=ZIPP, everything=everything)


@pytest.fixture(autouse=True)
def only_on_linux():
    """The small locked sets are written for one platform."""
    if sys.platform != "linux":
        pytest.skip("these tests install into environments on Linux")


@pytest.fixture(scope="session")
def registry():
    """Skips where the package registry cannot be reached."""
    try:
        urllib.request.urlopen("https://pypi.org/simple/six/", timeout=10).close()
    except OSError as error:
        pytest.skip(f"the package registry cannot be reached: {error}")


@pytest.fixture
def lock(tmp_path):
    """Writes locked requirements for this machine's platform; Python's own version unless told."""

    def write(*packages, version=VERSION, uv=True):
        folder = tmp_path / "requirements" / "linux"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}=={number} --hash=sha256:{sha256}  # {size}\n" for name, number, sha256, size in packages]
        (folder / f"{version}.txt").write_text("# a test's\n" + "".join(lines))
        if uv:
            (folder / "uv.txt").write_bytes((LOCKS / "linux" / "uv.txt").read_bytes())
        return folder.parent

    return write


@pytest.fixture(scope="session")
def uv_tools(registry, tmp_path_factory):
    """A folder with uv in it, downloaded once; what a first installation leaves in `tools`."""
    folder = tmp_path_factory.mktemp("uv")
    requirements = folder / "requirements" / "linux"
    requirements.mkdir(parents=True)
    (requirements / f"{VERSION}.txt").write_text("# nothing\n")
    (requirements / "uv.txt").write_bytes((LOCKS / "linux" / "uv.txt").read_bytes())
    installer = Installer(folder / "environment")
    assert installer.run(requirements=str(requirements.parent), tool="uv", build="default") == 0, installer.words
    return folder / "environment" / "tools"


@pytest.fixture
def installer(tmp_path):
    """An installer for a folder of its own, without uv."""
    return Installer(tmp_path / "environment")


@pytest.fixture(scope="session")
def make_installer():
    """Makes an installer for any folder."""
    return Installer


@pytest.fixture
def uv_installer(installer, uv_tools):
    """An installer for a folder that has uv already."""
    (installer.folder / "tools").symlink_to(uv_tools)
    return installer


class Installer:
    """Runs the installer as QGIS does: a child in its own group, with its words in a log."""

    def __init__(self, folder):
        self.folder = folder
        self.venv = folder / "venv"
        self._seen = 0
        folder.mkdir(parents=True)

    def start(self, environment=None, **request):
        values = {"imports": [], "build": "default", **{key: _plain(value) for key, value in request.items()}}
        (self.folder / "request.json").write_text(json.dumps(values))
        self._seen = len(self._all_events())
        clean = {key: value for key, value in os.environ.items() if key not in BARE}
        with (self.folder / "log.txt").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "jobs.installer", str(self.folder)],
                cwd=ROOT,
                env={**clean, **(environment or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, environment=None, **request):
        return self.start(environment, **request).wait(120)

    def kill(self, child):
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def wait_for(self, condition, seconds=60):
        """Wait until one of the new events meets a condition."""
        deadline = time.monotonic() + seconds
        while not any(condition(event) for event in self.events):
            assert time.monotonic() < deadline, self.words
            time.sleep(0.005)

    @property
    def events(self):
        """The events of the last start."""
        return self._all_events()[self._seen :]

    @property
    def last(self):
        return self.events[-1]

    @property
    def words(self):
        return (self.folder / "log.txt").read_text()

    @property
    def installed(self):
        """Name and version of each package, as the environment's own Python sees them."""
        code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
        code = code.replace("d.name", "d.metadata['Name']")
        answer = subprocess.run([self.venv / "bin" / "python", "-I", "-c", code], capture_output=True, check=True)
        found = json.loads(answer.stdout)
        return {name: version for name, version in found.items() if name not in ("pip", "setuptools")}

    def packages_of(self, kind="progress"):
        """The packages in order, each once: a slow one is told of several times."""
        return list(dict.fromkeys(event["package"].split()[0] for event in self.events if event["kind"] == kind))

    def _all_events(self):
        path = self.folder / "events.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.fixture
def make_wheel(tmp_path):
    """Makes a wheel of a module that has one line; returns its entry in a locked set."""

    def make(folder, name, version, needs=()):
        folder.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
        path = folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.py", f"version = {version!r}\n")
            archive.writestr(f"{info}/METADATA", metadata)
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
        return name, version, _sha256(path), path.stat().st_size

    return make


class IndexHandler(http.server.BaseHTTPRequestHandler):
    """A simple index (PEP 503) over a folder of wheels; can break downloads off, and wants a login where told."""

    def __init__(self, server, *arguments, folder):
        self.folder = folder
        super().__init__(*arguments, server)

    def do_GET(self):
        name = self.path.strip("/").rpartition("/")[2]
        self.server.requests.append((self.path, dict(self.headers)))
        if self.server.login and self.headers.get("Authorization") != self.server.login:
            return self._answer(401, b"")
        if name.endswith(".whl"):
            return self._file((self.folder / name).read_bytes())
        wheels = sorted(self.folder.glob(f"{name.replace('-', '_')}-*.whl"))
        links = [f'<a href="/{wheel.name}#sha256={_sha256(wheel)}">{wheel.name}</a>' for wheel in wheels]
        return self._answer(200 if wheels else 404, "".join(links).encode(), "text/html")

    def do_HEAD(self):
        self.do_GET()

    def _file(self, content):
        start = int(self.headers["Range"][len("bytes=") :].rstrip("-")) if "Range" in self.headers else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts else len(content)
        self._body(content[start:cut])

    def _answer(self, code, content, kind="text/plain"):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self._body(content)

    def _body(self, content):
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    """Serves folders of wheels as package indexes on free ports of this machine."""
    servers = []

    def start(folder, login=None, cuts=()):
        handler = functools.partial(_handler, folder=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.requests, server.login, server.cuts = [], login, list(cuts)
        server.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(request, address, server, folder):
    return IndexHandler(server, request, address, folder=folder)


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(value):
    return str(value) if isinstance(value, Path) else value


@pytest.fixture
def settings(qgis_app, monkeypatch, tmp_path):
    """QGIS's settings without the environment's, before and after; the environment's folder is a test's own."""
    from geodistil.jobs import environment
    from geodistil.jobs.environment.place import PREFIX
    from qgis.core import QgsSettings

    monkeypatch.delenv(environment.VARIABLE, raising=False)
    monkeypatch.setattr(environment, "ROOT", tmp_path / "no_checkout")
    settings = QgsSettings()
    settings.setValue(f"{PREFIX}folder", str(tmp_path / "environment"))
    yield settings
    settings.remove(environment.SETTING)
    settings.remove(PREFIX.rstrip("/"))


@pytest.fixture
def only_read():
    """Makes a folder one that may only be read, for root too, until the test ends."""
    on, off = (("chattr", "+i"), ("chattr", "-i")) if os.geteuid() == 0 else (("chmod", "a-w"), ("chmod", "u+w"))
    changed = []

    def make(folder):
        for path in [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]:
            result = subprocess.run([*on, str(path)], capture_output=True, text=True)
            if result.returncode:
                pytest.skip(f"this disk has no such folders: {result.stderr}")
            changed.append(str(path))

    yield make
    for path in changed:
        subprocess.run([*off, path], check=False)


@pytest.fixture
def as_another_user():
    """Lets what follows run with the rights of somebody who owns nothing here."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user for a while")

    @contextlib.contextmanager
    def other():
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return other
