"""The environment's page as the user guide shows it: `/usr/bin/python3 docs/screenshots/environment.py`.

Writes `docs/user-guide/images/environment-*.png`. `--output FOLDER`, `--scale 2` and `--dark` are for looking at it in
other circumstances. The events are made up, in the documented form; the page cannot tell.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from stage import ROOT, arguments, start_qgis

FOUND = {"cuda": ["NVIDIA RTX A2000"], "mps": False}


def main() -> None:
    """Write the pictures."""
    options = arguments(__doc__).parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.pop("GEODISTIL_PYTHON", None)
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _photograph(options, Path(scratch))


def _photograph(options: argparse.Namespace, scratch: Path) -> None:
    application = start_qgis(scratch, options.dark)
    for name, prepare in SCENES.items():
        with ExitStack() as stack:
            _show(options.output / f"environment-{name}.png", scratch / name, prepare, stack)
    application.exitQgis()


def _show(image: Path, data: Path, prepare: Callable[[Path, ExitStack], bool], stack: ExitStack) -> None:
    from geodistil.jobs import environment
    from geodistil.jobs.environment.place import default_home
    from geodistil.ui.environment.wiring import EnvironmentDialog

    os.environ["XDG_DATA_HOME"] = str(data)
    environment.ROOT = data  # a developer's own environment must not be in the picture
    folder = default_home()
    folder.mkdir(parents=True)
    unfolded = prepare(folder, stack)
    dialog = EnvironmentDialog()
    dialog.page.installation.poll()
    dialog.page.refresh()
    dialog.page.options.folder.lineEdit().setPlaceholderText("/home/ada/.local/share/GeoDistil/environment")
    dialog.page.options.setCollapsed(not unfolded)
    dialog.show()
    _wait(1.0)
    dialog.grab().save(str(image))
    dialog.close()


def _wait(seconds: float) -> None:
    from qgis.PyQt.QtWidgets import QApplication

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.02)


def _missing(folder: Path, stack: ExitStack) -> bool:
    """The first start."""
    return False


def _options(folder: Path, stack: ExitStack) -> bool:
    """The first start, with the options unfolded."""
    return True


def _progress(folder: Path, stack: ExitStack) -> bool:
    """A set-up under way, as another QGIS would have started it."""
    from geodistil.jobs.installer.job import only_one

    stack.enter_context(only_one(folder))
    package = {"package": "nvidia-cudnn-cu13 9.26.0.51", "megabytes": 519.2, "step": 2, "of": 87}
    progress = {"stage": "packages", "fraction": 0.31, "eta_seconds": 260, **package}
    _write(folder, ("started", {}), ("stage", {"name": "packages"}), ("progress", progress))
    return False


def _ready(folder: Path, stack: ExitStack) -> bool:
    """All is there."""
    from geodistil.jobs.installer.download import digest

    path = ROOT / "resources" / "requirements" / "linux" / "3.12.txt"
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    note = {"python": str(python), "version": "3.12.4", "build": "default", "requirements": "linux/3.12.txt"}
    note |= {"digest": digest(path, "default"), "found": FOUND}
    (folder / "installed.json").write_text(json.dumps(note), encoding="utf-8")
    _write(folder, ("started", {}), ("finished", {"outputs": note}))
    return False


def _failed(folder: Path, stack: ExitStack) -> bool:
    """The certificate of a company's network is unknown; the sentence is the installer's own."""
    from geodistil.jobs.installer.errors import explain

    (folder / "venv").mkdir()
    error = explain("invalid peer certificate: UnknownIssuer", folder, "torch 2.15.0")
    _write(folder, ("started", {}), ("failed", {"code": error.code, "hint": error.hint, **error.told}))
    return False


SCENES = {"first": _missing, "options": _options, "progress": _progress, "ready": _ready, "failed": _failed}


def _write(folder: Path, *events: tuple[str, dict[str, Any]]) -> None:
    lines = [json.dumps({"time": 0, "kind": kind, **values}) + "\n" for kind, values in events]
    (folder / "events.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
