"""The installer's rules: builds of torch, locked requirements, failures, downloads."""

import ast
import sys
from pathlib import Path

import pytest
from geodistil.jobs.installer import errors, machine
from geodistil.jobs.installer.download import Package, digest, fetch, find, locked, pythons
from geodistil.jobs.installer.errors import InstallError, Stopped

LOCKS = Path(__file__).resolve().parents[3] / "resources" / "requirements"
INSTALLER = Path(machine.__file__).parent
FOLDER = Path("/data/environment")


@pytest.mark.parametrize(
    ("platform", "driver", "names"),
    [
        ("linux", (580, 65, 6), ["default"]),  # the registry's own is for CUDA 13
        ("linux", (595, 10), ["default"]),
        ("linux", (570, 124, 6), ["cu126", "default"]),
        ("linux", (525, 60, 13), ["cu126", "default"]),
        ("linux", (470, 256, 2), ["cpu", "default"]),
        ("linux", None, ["cpu", "default"]),
        ("windows", (581, 15), ["cu130", "default"]),
        ("windows", (528, 33), ["cu126", "default"]),
        ("windows", (456, 71), ["default"]),
        ("windows", None, ["default"]),
        ("linux-arm", (580, 65, 6), ["default"]),
        ("macos", None, ["default"]),
    ],
)
def test_the_build_of_torch_follows_the_driver(platform, driver, names):
    builds = machine.torch_builds(platform, driver)
    assert [build.name for build in builds] == names
    for build in builds:
        assert build.index == (None if build.name == "default" else f"https://download.pytorch.org/whl/{build.name}")


@pytest.mark.parametrize("wanted", ["cpu", "cu126", "cu130", "default"])
def test_a_person_s_choice_of_build_is_the_only_one(wanted):
    assert [build.name for build in machine.torch_builds("linux", (580, 65), wanted)] == [wanted]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("580.65.06\n", (580, 65, 6)),
        ("535.183.01\n535.183.01\n", (535, 183, 1)),
        ("528.33\r\n", (528, 33)),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", None),
        ("No devices were found\n", None),
        ("", None),
    ],
)
def test_the_driver_s_version_is_read_from_nvidia_smi(text, version):
    assert machine.parse_driver(text) == version


def test_without_nvidia_smi_there_is_no_driver(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.driver_version() is None
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 550.54.15\n")
    program.chmod(0o755)
    assert machine.driver_version() == (550, 54, 15)
    program.write_text("#!/bin/sh\necho no driver; exit 9\n")
    assert machine.driver_version() is None


@pytest.mark.parametrize(
    ("system", "processor", "key"),
    [
        ("Linux", "x86_64", "linux"),
        ("Linux", "aarch64", "linux-arm"),
        ("Windows", "AMD64", "windows"),
        ("Darwin", "arm64", "macos"),
        ("Darwin", "x86_64", None),
        ("Windows", "ARM64", None),
    ],
)
def test_a_machine_has_its_folder_of_requirements_or_none(system, processor, key):
    assert machine.platform_key(system, processor) == key
    assert key is None or (LOCKS / key / "uv.txt").exists()


@pytest.mark.parametrize("path", sorted(LOCKS.glob("*/3.*.txt")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_platform_and_python_has_a_whole_locked_set(path):
    packages = {package.name: package for package in locked(path)}
    assert {"torch", "torchvision", "rasterio", "pydantic", "onnxruntime"} <= set(packages)
    assert all(package.hashes and package.size > 1000 for package in packages.values())
    graphics = any(name.startswith("nvidia-") for name in packages)
    assert graphics == (path.parent.name in ("linux", "linux-arm"))


@pytest.mark.parametrize("path", sorted(INSTALLER.glob("*.py")), ids=lambda path: path.stem)
def test_the_installer_needs_nothing_but_python(path):
    foreign = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            foreign |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            foreign.add(node.module.split(".")[0])
        assert not (isinstance(node, ast.ImportFrom) and node.level > 1)
    assert foreign <= sys.stdlib_module_names


def test_every_platform_is_locked_for_the_same_pythons():
    assert len({tuple(pythons(folder)) for folder in LOCKS.iterdir() if folder.is_dir()}) == 1
    assert pythons(LOCKS / "linux")[0] == (3, 10)


def test_the_digest_tells_sets_and_builds_apart(tmp_path):
    path = tmp_path / "3.11.txt"
    path.write_text("six==1.0 --hash=sha256:" + "0" * 64 + "  # 1\n")
    first = digest(path, "default")
    assert digest(path, "cpu") != first
    path.write_text(path.read_text().replace("1.0", "1.1"))
    assert digest(path, "default") != first


WORDS = [
    ("disk", "error: Failed to write: No space left on device (os error 28)"),
    ("disk", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
    ("disk", "There is not enough space on the disk. (os error 112)"),
    ("certificate", "client error (Connect): invalid peer certificate: UnknownIssuer"),
    (
        "certificate",
        "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
    ),
    ("proxy", "Tunnel connection failed: 407 Proxy Authentication Required"),
    ("proxy", "ProxyError('Cannot connect to proxy.', NewConnectionError('Connection refused'))"),
    ("proxy", "client error (Connect): tunnel error: unsuccessful"),
    ("hash", "error: Hash mismatch for `six==1.17.0`"),
    ("hash", "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
    ("policy", "uv.exe cannot be started: [WinError 1260] This program is blocked by group policy"),
    ("policy", "An Application Control policy has blocked this file. (os error 4551)"),
    ("policy", "/home/x/uv cannot be started: [Errno 13] Permission denied: '/home/x/uv'"),
    ("network", "error sending request for url (https://pypi.org/simple/six/): dns error: failed to lookup address"),
    ("network", "URLError: <urlopen error [Errno -3] Temporary failure in name resolution>"),
    ("network", "ReadTimeoutError: HTTPSConnectionPool(host='pypi.org', port=443): Read timed out."),
    ("network", "URLError: <urlopen error [WinError 10060] A connection attempt failed, timed out>"),
    ("python", "The virtual environment was not created successfully because ensurepip is not available."),
    ("platform", "ERROR: No matching distribution found for torch==2.15.0"),
    ("platform", "Because torch==2.15.0+cu126 has no wheels with a matching Python ABI tag"),
]


@pytest.mark.parametrize(("code", "words"), WORDS)
def test_a_tool_s_words_become_one_sentence_with_what_to_do(code, words):
    error = errors.explain(f"Resolved 1 package\n{words}\n", FOLDER, "torch 2.15.0")
    assert error.code == code
    assert "(torch 2.15.0)" in error.message and ". " not in error.message and error.message.endswith(".")
    assert error.hint.endswith(".") and words in error.details


def test_words_that_nobody_foresaw_are_shown_themselves():
    error = errors.explain("first\nsomething strange happened.\n\n", FOLDER, "six 1.17.0")
    assert error.code == "error"
    assert error.message == "The installation failed (six 1.17.0): something strange happened."


class TestDownload:
    @pytest.fixture
    def shelf(self, make_wheel, tmp_path):
        package = make_wheel(tmp_path / "shelf", "tiny", "1.0")
        return tmp_path / "shelf", Package(package[0], package[1], (package[2],), package[3])

    def test_a_download_that_broke_off_goes_on_where_it_was(self, shelf, serve, tmp_path):
        folder, package = shelf
        server = serve(folder, cuts=[100, 250])
        wheel = fetch(package, server.address, tmp_path / "kept", lambda: None)
        assert wheel.read_bytes() == (folder / wheel.name).read_bytes()
        ranges = [headers.get("Range") for path, headers in server.requests if path.endswith(".whl")]
        assert ranges == [None, "bytes=100-", "bytes=250-"]
        assert list((tmp_path / "kept").iterdir()) == [wheel]

    def test_a_stopped_download_goes_on_at_the_next_start(self, shelf, serve, tmp_path):
        folder, package = shelf
        part = tmp_path / "kept" / "tiny-1.0-py3-none-any.whl.part"
        part.parent.mkdir()
        part.write_bytes((folder / "tiny-1.0-py3-none-any.whl").read_bytes()[:300])
        server = serve(folder)
        fetch(package, server.address, part.parent, lambda: None)
        assert server.requests[-1][1]["Range"] == "bytes=300-"

    def test_what_is_kept_is_not_asked_for_again(self, shelf, serve, tmp_path):
        folder, package = shelf
        server = serve(folder)
        wheel = fetch(package, server.address, tmp_path / "kept", lambda: None)
        asked = len(server.requests)
        assert fetch(package, server.address, tmp_path / "kept", lambda: None) == wheel
        assert len(server.requests) == asked and find(package, tmp_path / "kept") == wheel

    def test_another_file_of_the_same_name_is_refused_and_not_kept(self, shelf, serve, tmp_path):
        folder, package = shelf
        kept = tmp_path / "kept"
        kept.mkdir()
        part = kept / "tiny-1.0-py3-none-any.whl.part"
        part.write_bytes(b"x" * 300)  # begun by somebody else
        with pytest.raises(InstallError) as error:
            fetch(package, serve(folder).address, kept, lambda: None)
        assert error.value.code == "hash" and not list(kept.iterdir())
        assert fetch(package, serve(folder).address, kept, lambda: None).exists()

    def test_a_person_may_stop_it(self, shelf, serve, tmp_path):
        def stop():
            raise Stopped

        folder, package = shelf
        with pytest.raises(Stopped):
            fetch(package, serve(folder).address, tmp_path / "kept", stop)
