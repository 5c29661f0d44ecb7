"""The last step: the checked folder gets its final `run.json` and goes to its place, whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.core import QgsProject

from ..background import Cancelled
from ..errors import CancelledError, GeoDistilError
from ..folders import scratch
from ..launch import predict_afterwards
from ..run_folder import write_run
from ..servers.followers import assign
from ..servers.server import Server, servers
from ..translation import tr
from .draft import Draft
from .facts import raster_facts
from .files import Files
from .place import run_folder, taken
from .run_file import run_values

COPY_BYTES = 1 << 20
"""Between two looks whether someone has cancelled."""


class _Start(NamedTuple):
    """What a prepared folder gets last.

    Attributes:
        values: of `run.json`.
        rasters: that are predicted afterwards.
        server: that it runs on; none runs it here.
    """

    values: dict[str, Any]
    rasters: list[str]
    server: Server | None


def placing(draft: Draft, prepared: Path, project: QgsProject) -> Callable[[Cancelled], Path]:
    """What puts a prepared folder into its place. Made on the main thread, to be called on any; returns the folder.

    The run appears under its name when all of it is there. Where it cannot, or where it is cancelled, the prepared
    folder stays as it is.

    Args:
        draft: the run, with name, folder, budget and device.
        prepared: the folder that was checked; it is gone afterwards.
        project: where the layers are.

    Raises:
        GeoDistilError: a layer is no longer in the project.
    """
    values = run_values(draft, Files(draft, project), project)
    rasters = predicted_files(draft, project)
    server = next((each for each in servers() if each.id == draft.server), None)
    start = _Start(values, rasters, server)
    return lambda cancelled: _place(run_folder(draft), prepared, start, cancelled)


def predicted_files(draft: Draft, project: QgsProject) -> list[str]:
    """The files of the rasters that are to be predicted afterwards."""
    layers = [project.mapLayer(name) for name in draft.predict]
    return [path for path in (raster_facts(layer).path for layer in layers if layer is not None) if path]


def _place(folder: Path, prepared: Path, start: _Start, cancelled: Cancelled) -> Path:
    try:
        if start.server is not None:
            assign(prepared, start.server)
        write_run(prepared, start.values)
        predict_afterwards(prepared, start.rasters)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise GeoDistilError("output", taken(folder.name))
        _settle(prepared, folder, cancelled)
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("The run folder {folder} cannot be written: {reason}.").format(
                folder=folder, reason=error.strerror or error
            ),
            tr("Choose another folder."),
        ) from error
    return folder


def _settle(prepared: Path, folder: Path, cancelled: Cancelled) -> None:
    with suppress(OSError):
        os.rename(prepared, folder)
        return
    # Another disk: copied beside the place first, under a name that no search for runs looks at.
    with scratch(folder.parent, ".placing_") as beside:
        copy = beside / "run"
        _copy(prepared, copy, cancelled)
        os.rename(copy, folder)
    shutil.rmtree(prepared, ignore_errors=True)


def _copy(source: Path, target: Path, cancelled: Cancelled) -> None:
    target.mkdir()
    for path in sorted(source.rglob("*")):
        if path.is_dir():
            (target / path.relative_to(source)).mkdir()
            continue
        with path.open("rb") as original, (target / path.relative_to(source)).open("wb") as copy:
            while block := original.read(COPY_BYTES):
                if cancelled():
                    raise CancelledError
                copy.write(block)
