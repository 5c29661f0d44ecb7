"""A QGIS profile of its own with the plugin in it, and QGIS started with a script; needs no QGIS to import."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "__init__.py",
    "plugin.py",
    "metadata.txt",
    "README.md",
    "docs",
    "engine",
    "jobs",
    "resources",
    "toolbox",
    "ui",
)
"""What of the checkout is the plugin."""

SETTINGS = """[PythonPlugins]
geodistil={enabled}
processing=true
[qgis]
checkVersion=false
[app]
projections\\unknownCrsBehavior=NoAction
"""
SCRIPT = """
import json, os, sys, traceback
sys.path[:0] = {paths!r}
try:
    from desktop.hands import play
    from {module} import {function}
    play({function}, {values!r}, {result!r})
except BaseException:  # QGIS would show it in a window that nobody sees
    with open({result!r}, "w") as file:
        json.dump({{"error": traceback.format_exc()}}, file)
    os._exit(1)
"""
FOREIGN = ("QT_", "QGIS", "PYTHON", "GEODISTIL")
BEGUN = 60
"""Seconds that QGIS gets to begin the script."""


class Unfinished(Exception):
    """QGIS ended, or was late, without a result; or what it did failed."""


@dataclass
class Desktop:
    """A profile, and QGIS in it.

    Args:
        folder: an empty folder for profile, home and results.
        width: of the screen, in pixels at 100 %.
        height: of the screen, in pixels at 100 %.
        scale: 2 is a screen of 200 %, with twice as many pixels each way.
        settings: more lines for the profile's settings file.
    """

    folder: Path
    width: int = 1280
    height: int = 800
    scale: int = 1
    settings: str = ""
    _runs: int = field(default=0, init=False)

    def link(self) -> Desktop:
        """Put the checkout itself into the profile, with its own engine environment."""
        self._prepare()
        (self._plugins / "geodistil").symlink_to(ROOT)
        return self

    def install(self) -> Desktop:
        """Put a copy into the profile, as a user has it: without an engine environment."""
        self._prepare()
        listing = ["git", "ls-files", "-co", "--exclude-standard", *PARTS]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        for name in names:
            if (ROOT / name).is_file():
                target = self._plugins / "geodistil" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)
        return self

    def start(self, module: Path, function: str, enabled: bool = True, **values: Any) -> tuple[subprocess.Popen, Path]:
        """Start QGIS, which plays `function(values)` of a module; see `hands.play`.

        Args:
            module: the module's file.
            function: a generator function in it.
            enabled: whether QGIS loads the plugin by itself.
            values: whatever the function wants to know, as JSON knows it.

        Returns:
            The process (of xvfb-run, which ends with QGIS), and the file that the result will be in.
        """
        self._runs += 1
        result, script = self.folder / f"result{self._runs}.json", self.folder / f"script{self._runs}.py"
        paths = [str(ROOT / "tests"), str(module.parent)]
        text = SCRIPT.format(paths=paths, module=module.stem, function=function, values=values, result=str(result))
        script.write_text(text, encoding="utf-8")
        if not self._ini.exists():
            self._ini.write_text(SETTINGS.format(enabled=str(enabled).lower()) + self.settings, encoding="utf-8")
        screen = f"-screen 0 {self.width * self.scale}x{self.height * self.scale}x24"
        qgis = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(self.folder), "--code", str(script)]
        with (self.folder / "qgis.log").open("ab") as log:
            command = ["xvfb-run", "-a", "-s", screen, *qgis]
            process = subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log, start_new_session=True)
        return process, result

    def run(self, module: Path, function: str, limit: float = 600, **values: Any) -> dict[str, Any]:
        """Start QGIS and wait until its script has ended.

        Returns:
            What the script returned.

        Raises:
            Unfinished: it failed, or QGIS ended without a result, or took longer than `limit` seconds.
        """
        process, result = self.start(module, function, **values)
        try:
            wait_for(lambda: process.poll() is not None or result.with_suffix(".begun").exists(), BEGUN)
            wait_for(lambda: process.poll() is not None, limit)
        except Unfinished as error:
            raise Unfinished(f"QGIS did not come up, or did not end: {error}\n{self._tail()}") from None
        finally:
            end(process)
        return self.outcome(result)

    def outcome(self, result: Path) -> dict[str, Any]:
        """What a script returned, from the file that it is in.

        Raises:
            Unfinished: it failed, or there is no result.
        """
        if not result.exists():
            raise Unfinished(f"QGIS ended without a result.\n{self._tail()}")
        found = json.loads(result.read_text(encoding="utf-8"))
        if found.get("error"):
            raise Unfinished(found["error"])
        return found

    @property
    def _profile(self) -> Path:
        return self.folder / "profiles" / "default"

    @property
    def _plugins(self) -> Path:
        return self._profile / "python" / "plugins"

    @property
    def _ini(self) -> Path:
        return self._profile / "QGIS" / "QGIS3.ini"

    def _prepare(self) -> None:
        for folder in (self._plugins, self._ini.parent, self.folder / "home"):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # Qt wants its runtime folder so

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith((*FOREIGN, "XDG_"))}
        # QGIS's own Python before any other: QGIS asks the first `python3` of the path where its library is.
        kept["PATH"] = os.pathsep.join(["/usr/bin", kept.get("PATH", "")])
        scale = {"QT_SCALE_FACTOR": str(self.scale)} if self.scale != 1 else {}
        return {**kept, **scale, "HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": str(self.folder)}

    def _tail(self) -> str:
        return (self.folder / "qgis.log").read_text("utf-8", "replace")[-2000:]


def end(process: subprocess.Popen) -> None:
    """End what `Desktop.start` started, screen and QGIS, where it has not ended; engines are in groups of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition: Any, seconds: float) -> Any:
    """Wait until a function returns something true, and return that.

    Raises:
        Unfinished: it did not within so many seconds.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise Unfinished(f"It did not happen within {seconds} s.")
        time.sleep(0.05)
    return found
