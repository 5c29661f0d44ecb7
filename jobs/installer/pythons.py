"""Asks a Python what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

from .children import ChildFailed, run
from .errors import InstallError, marked
from .machine import platform_key

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
