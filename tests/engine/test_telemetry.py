"""No library reports to its maker: nothing is asked of the network, and nothing is kept that would say who is who."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import save_run
from tests.faults.jobs import make_ground, run_of
from tests.networks import NARROW

ROOT = Path(__file__).parents[2]
IN_CI = {"CI", "TF_BUILD", "GITHUB_ACTIONS", "JENKINS_URL", "GITLAB_CI", "CIRCLECI", "TRAVIS", "BUILDKITE"}
"""Where libraries are silent of themselves, and a test would pass whatever the engine does."""
TOLD_NOTHING = """
import sys
from engine.cli.main import main
code = main(sys.argv[1:])
import os, time
if "onnxruntime" in sys.modules:
    time.sleep(float(os.environ.get("LINGER", 0)))
sys.exit(code)
"""
ALONE = """
import contextlib, json, os, socket, struct, subprocess, sys, threading, time, fcntl

handle = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
request = struct.pack("16sh", b"lo", 0x1 | 0x40)  # up and running
fcntl.ioctl(handle, 0x8914, request)
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
asked = []

def name_of(packet):
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels)

def listen():
    while True:
        packet, who = names.recvfrom(2048)
        asked.append(name_of(packet))
        names.sendto(packet[:2] + b"\\x81\\x83" + packet[4:6] + b"\\0\\0" * 3 + packet[12:], who)  # there is none

threading.Thread(target=listen, daemon=True).start()
subprocess.run([sys.executable, "-c", "import socket; socket.gethostbyname('heard.example')"], capture_output=True)
heard = [*asked]
asked.clear()
from engine.cli.main import main

with contextlib.redirect_stdout(sys.stderr):
    codes = [main(arguments) for arguments in json.loads(sys.argv[1])]
    time.sleep(float(os.environ["LINGER"]))
print(json.dumps({"heard": heard, "codes": codes, "asked": asked}))
"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_ground(folder)
    return folder


@pytest.fixture
def person(tmp_path):
    """The environment of somebody who has never used the engine, and no CI."""
    environment = {name: value for name, value in os.environ.items() if name not in {*IN_CI, "ORT_DISABLE_TELEMETRY"}}
    folders = {"HOME": "home", "XDG_CACHE_HOME": "home/.cache", "TMPDIR": "temporary", "MPLCONFIGDIR": "matplotlib"}
    for folder in folders.values():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    places = {name: str(tmp_path / folder) for name, folder in folders.items()}
    return {**environment, **places, "PYTHONPATH": str(ROOT), "LINGER": "3"}


def prediction(ground, output, backend):
    options = ["--output", output, "--backend", backend, "--device", "cpu"]
    return ["predict", ground / "trained" / "model", ground / "wide.tif", *options]


def command(arguments):
    return [sys.executable, "-c", TOLD_NOTHING, *map(str, arguments)]


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_no_library_numbers_the_machine(ground, person, tmp_path, backend):
    arguments = prediction(ground, tmp_path / "out", backend)
    done = subprocess.run(command(arguments), env=person, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept = [path for folder in ("home", "temporary") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    assert [path.relative_to(tmp_path).as_posix() for path in kept] == []


def test_nobody_is_asked_for_anything(ground, person, tmp_path):
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
    inside = ["sh", "-c", f'mount --bind "{resolver}" /etc/resolv.conf && exec "$@"', "sh"]
    apart = ["unshare", "--net", "--mount", *inside]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("a network of its own cannot be had here")
    recipe = {"kind": "supervised", "network": {**NARROW, "weights": "none"}}
    save_run(run_of(ground, recipe, {"budget": {"steps": 2}, "validations": 1}), tmp_path / "run")
    jobs = [
        prediction(ground, tmp_path / "one", "onnxruntime"),
        prediction(ground, tmp_path / "two", "openvino"),
        ["check", tmp_path / "run"],
        ["train", tmp_path / "run"],
        ["export", tmp_path / "run", "--output", tmp_path / "town.zip"],
    ]
    told = json.dumps([[*map(str, job)] for job in jobs])
    done = subprocess.run(
        [*apart, sys.executable, "-c", ALONE, told], env=person, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["heard"] and set(found["heard"]) == {"heard.example"}, "the test hears who is asked for"
    assert found["codes"] == [0] * len(jobs), done.stderr
    assert found["asked"] == []
