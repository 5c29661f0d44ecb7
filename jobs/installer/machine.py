"""What the machine has: its Pythons, and the build of torch that fits it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from .errors import InstallError, marked
from .job import ChildFailed, run

INDEX = "https://download.pytorch.org/whl/"
QUERY = ("--query-gpu=driver_version", "--format=csv,noheader")

CUDA_DRIVERS = {"cu130": (580,), "cu126": (525, 60)}
"""Oldest driver of each build, newest build first: CUDA runs on any driver from its own major version on
(NVIDIA, CUDA Compatibility, table 1). 528.33 is Windows' number for 525.60, so one table does for both."""

REGISTRY_BUILD = {"linux": "cu130"}
"""What the registry's own torch is where it needs a driver; elsewhere it is for the processor, or Apple's GPU."""


@dataclass(frozen=True)
class Build:
    """A build of torch.

    Args:
        name: `default` for the registry's, else the last part of its index: `cpu`, `cu126`.
        index: where it comes from; none for the registry.
    """

    name: str
    index: str | None = None


DEFAULT = Build("default")


def torch_builds(
    platform: str, driver: tuple[int, ...] | None, wanted: str = "auto", sources: Mapping[str, str] | None = None
) -> list[Build]:
    """The builds to try, the best first; the registry's own is the last resort, as it runs on every processor.

    Args:
        platform: `linux`, `linux-arm`, `windows` or `macos`.
        driver: version of NVIDIA's driver; none where there is none.
        wanted: a build's name, which is then the only one, or `auto`.
        sources: other addresses for builds' indexes, by name.
    """
    if wanted != "auto":
        return [_build(wanted, sources)]
    best = _best(platform, driver)
    if best in ("default", REGISTRY_BUILD.get(platform)):
        return [DEFAULT]
    return [_build(best, sources), DEFAULT]


def platform_key(system: str, machine: str) -> str | None:
    """The folder of locked requirements for `platform.system()` and `.machine()`; none where torch has no builds."""
    keys = {
        ("linux", "x86_64"): "linux",
        ("linux", "aarch64"): "linux-arm",
        ("windows", "amd64"): "windows",
        ("darwin", "arm64"): "macos",
    }
    return keys.get((system.lower(), machine.lower()))


def driver_version() -> tuple[int, ...] | None:
    """The version of NVIDIA's driver, as `nvidia-smi` tells it; none without one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    hidden: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    try:
        answer = subprocess.run([program, *QUERY], capture_output=True, text=True, timeout=20, check=False, **hidden)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_driver(answer.stdout) if answer.returncode == 0 else None


def parse_driver(text: str) -> tuple[int, ...] | None:
    """`580.65.06` as numbers, from the first line; all cards of a machine share the driver."""
    match = re.match(r"\s*(\d+(?:\.\d+)+)\s*$", text.split("\n", 1)[0])
    return tuple(map(int, match[1].split("."))) if match else None


def _best(platform: str, driver: tuple[int, ...] | None) -> str:
    if platform not in ("linux", "windows"):
        return "default"
    if driver is not None:
        for name, oldest in CUDA_DRIVERS.items():
            if driver >= oldest:
                return name
    return "cpu" if platform in REGISTRY_BUILD else "default"


def _build(name: str, sources: Mapping[str, str] | None) -> Build:
    return DEFAULT if name == DEFAULT.name else Build(name, (sources or {}).get(name, INDEX + name))


QUESTION = (
    "import json, platform, sys; print(json.dumps([sys.executable, list(sys.version_info[:3]),"
    " platform.system(), platform.machine(), sys.maxsize > 2**32, getattr(sys, 'base_prefix', sys.prefix)]))"
)


@dataclass(frozen=True)
class Python:
    """A Python that could be started.

    Args:
        path: its executable.
        version: major, minor, micro.
        system: `platform.system()`.
        machine: `platform.machine()`.
        wide: whether it has 64 bits.
        home: the installation it is of; an environment's is that of the Python it was made from.
    """

    path: str
    version: tuple[int, int, int]
    system: str
    machine: str
    wide: bool
    home: str

    @property
    def text(self) -> str:
        """The version for people."""
        return ".".join(map(str, self.version))

    @property
    def platform(self) -> str:
        """Its folder of locked requirements.

        Raises:
            InstallError: `platform`, torch has no builds for it.
        """
        key = platform_key(self.system, self.machine) if self.wide else None
        if key is None:
            kind = f"{self.system} {self.machine}{'' if self.wide else ', 32 bit'}"
            raise InstallError(
                "platform",
                marked("There is no torch for {path} ({kind})."),
                marked("It needs Linux or Windows with 64 bits, or a Mac with Apple's processor."),
                path=self.path,
                kind=kind,
            )
        return key


def ask(path: str, environment: Mapping[str, str], between: Callable[[], None] = lambda: None) -> Python:
    """Start a Python and ask what it is.

    Raises:
        InstallError: `python`, it cannot be started or is no Python.
    """
    try:
        words = run([path, "-c", QUESTION], environment, between)
        executable, version, system, machine, wide, home = json.loads(words.splitlines()[-1])
    except (ChildFailed, ValueError, IndexError) as error:
        raise InstallError(
            "python",
            marked("{path} cannot be started, or is not a Python."),
            marked("Choose another one."),
            str(error),
            path=path,
        ) from error
    return Python(executable or path, tuple(version), system, machine, wide, home)
