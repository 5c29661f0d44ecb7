"""The last step: the checked folder goes to its place, gets its final `run.json`, and the engine starts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

from qgis.core import QgsProject

from ..background import Cancelled
from ..errors import GeoDistilError
from ..launch import predict_afterwards
from ..run_folder import write_run
from ..translation import tr
from .draft import Draft
from .facts import raster_facts
from .files import Files
from .place import run_folder
from .run_file import run_values


def placing(draft: Draft, prepared: Path, project: QgsProject) -> Callable[[Cancelled], Path]:
    """What puts a prepared folder into its place. Made on the main thread, to be called on any; returns the folder.

    Args:
        draft: the run, with name, folder, budget and device.
        prepared: the folder that was checked; it is gone afterwards.
        project: where the layers are.
    """
    values = run_values(draft, Files(draft, project), project)
    rasters = predicted_files(draft, project)
    return lambda _cancelled: _place(run_folder(draft), prepared, values, rasters)


def predicted_files(draft: Draft, project: QgsProject) -> list[str]:
    """The files of the rasters that are to be predicted afterwards."""
    layers = [project.mapLayer(name) for name in draft.predict]
    return [path for path in (raster_facts(layer).path for layer in layers if layer is not None) if path]


def _place(folder: Path, prepared: Path, values: dict[str, Any], rasters: list[str]) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for item in prepared.iterdir():
            shutil.move(str(item), str(folder / item.name))
        write_run(folder, values)
        predict_afterwards(folder, rasters)
        prepared.rmdir()
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("The run folder {folder} cannot be written: {reason}.").format(
                folder=folder, reason=error.strerror or error
            ),
            tr("Choose another folder."),
        ) from error
    return folder
