"""What one installation knows: its folder, what was asked for, and the variables of its children."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Callable

from .children import run
from .events import Events

REQUEST_FILE = "request.json"
STATE_FILE = "installed.json"
REGISTRY = "https://pypi.org/simple"


@dataclass
class Request:
    """What is wanted; `request.json`. Nothing secret is in it: proxies and indexes come by environment variables.

    Args:
        requirements: the folder of locked requirements, one folder a platform.
        python: the Python to make the environment from; empty leaves the choice here.
        tool: `uv`, `pip`, or `auto` for uv and, where that cannot be had, pip.
        build: a build of torch, `default` for the registry's, or `auto`.
        wheels: a folder of wheels to install from instead of an index.
        imports: modules that must load in the end.
        engine: the folder that holds the package `engine`, whose `doctor` then has the last word; empty for none.
        own: an environment that a person made; it is only verified, nothing is installed.
        indexes: other addresses for the indexes of torch's builds.
    """

    requirements: str = ""
    python: str = ""
    tool: str = "auto"
    build: str = "auto"
    wheels: str = ""
    imports: list[str] = field(default_factory=list)
    engine: str = ""
    own: str = ""
    indexes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Request:
        """The request of a folder; keys of a newer plugin are left out."""
        values = json.loads((folder / REQUEST_FILE).read_text(encoding="utf-8"))
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


class Job:
    """One installation.

    Args:
        folder: the environment's folder: `venv`, `cache`, `tools`, `events.jsonl`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events = Events(folder)
        self.request = Request.read(folder)
        self.venv = folder / "venv"
        self.cache = folder / "cache"
        self.scratch = folder / "scratch"

    @property
    def index(self) -> str:
        """The package index, as the tools would choose it."""
        names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
        return next((os.environ[name] for name in names if os.environ.get(name)), REGISTRY)

    @property
    def variables(self) -> dict[str, str]:
        """The children's environment: everything they keep is in the folder, and nobody is asked anything."""
        scratch = str(self.scratch)
        return {
            **os.environ,
            "TMPDIR": scratch,
            "TMP": scratch,
            "TEMP": scratch,
            "UV_CACHE_DIR": str(self.cache / "uv"),
            "UV_PYTHON_INSTALL_DIR": str(self.folder / "pythons"),
            "UV_NO_PROGRESS": "1",
            "UV_SYSTEM_CERTS": "1",
            "UV_HTTP_TIMEOUT": "60",
            "PIP_NO_CACHE_DIR": "1",  # a package that is installed is never asked for again
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_PROGRESS_BAR": "off",
        }

    def spoil(self) -> None:
        """Whatever was installed does not count as complete until all has been tried again."""
        (self.folder / STATE_FILE).unlink(missing_ok=True)

    def run(self, command: list[str], beat: Callable[[], None] = lambda: None) -> str:
        """Run a program, which a person may stop; `beat` is called while it runs."""

        def between() -> None:
            self.events.check_stop()
            beat()

        return run(command, self.variables, between)
