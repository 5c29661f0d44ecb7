"""A draft becomes a run folder while QGIS goes on; checked, it goes to its place, whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.core import QgsProject, QgsRasterLayer, QgsTask
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, Cancelled, hand_over, start
from ..errors import CancelledError, GeoDistilError, as_error
from ..folders import scratch
from ..packages import copy_teacher, package_path
from ..run_folder import write_run
from ..runs.files import START, TEACHER
from ..runs.waiting import predict_afterwards
from ..servers.following import assign
from ..servers.server import Server, servers
from ..snapshots import Snapshot, Which
from ..tiles.service import is_service
from ..translation import tr
from .counting import Ground, features_on_any
from .draft import Draft, SourceDraft
from .exporting import check_export, export_task, fetch_task, source_order
from .facts import ground, raster_facts
from .place import run_folder, taken
from .run_file import Files, recipe_kind, run_values
from .suggestion import DISTIL


class Preparation(QObject):
    """Writes a run folder; the layers are looked at when `start` is called, and not after.

    Args:
        draft: the run.
        folder: an empty folder.
        project: where the layers are.

    Raises:
        GeoDistilError: a layer is no longer in the project, or the model chosen is no model package.
    """

    step = pyqtSignal(str)
    """What is being done, for people."""
    done = pyqtSignal()
    failed = pyqtSignal(object)
    """With a `GeoDistilError`."""

    def __init__(self, draft: Draft, folder: Path, project: QgsProject) -> None:
        super().__init__()
        self._folder, self._project = folder, project
        self._files = Files(draft, project)
        self._values = run_values(draft, self._files, project)
        distils = recipe_kind(draft) == DISTIL
        self._model = draft.recipe.package if distils else draft.recipe.start_from
        self._model_folder = TEACHER if distils else START
        self._exports = list(self._files.exports.items())
        self._exported: list[tuple[Path, str]] = []
        self._copies = self._label_copies()
        self._task: QgsTask | None = None
        self._cancelled = False

    def start(self) -> None:
        """Begin with the exports, one after the other."""
        self._next_export()

    def cancel(self) -> None:
        """Stop; neither `done` nor `failed` follows."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    def _next_export(self) -> None:
        if self._cancelled:
            return
        if not self._exports:
            self._copy()
            return
        path, source = self._exports.pop(0)
        layer = self._project.mapLayer(source.raster)
        if layer is None:
            self._fail(
                GeoDistilError("raster", tr("The layer of {path} is no longer in the project.").format(path=path))
            )
            return
        try:
            self._task = self._export(layer, source, self._folder / path)
        except (OSError, GeoDistilError) as error:
            self._fail(as_error(error, layer.name()))

    def _export(self, layer: QgsRasterLayer, source: SourceDraft, path: Path) -> QgsTask:
        if is_service(layer):
            title = tr("Fetching {layer}…").format(layer=layer.name())
            self.step.emit(title)
            order = source_order(layer, source)
            return start(
                fetch_task(order, path, lambda text: self.step.emit(f"{title} {text}"), self._next_export, self._fail)
            )
        self._exported.append((path, layer.name()))
        self.step.emit(tr("Exporting {layer}…").format(layer=layer.name()))
        task = export_task(layer, source, path, self._next_export, self._fail)
        hand_over(task)
        return task

    def _copy(self) -> None:
        self.step.emit(tr("Copying labels…"))
        self._task = start(Background(tr("Write the run folder"), self._write, lambda _: self._finish(), self._fail))

    def _write(self, cancelled: Cancelled) -> None:
        """On another thread."""
        for path, name in self._exported:
            check_export(path, name)
        if self._model:
            copy_teacher(package_path(self._model), self._folder, self._model_folder)
        for copy in self._copies:
            copy(cancelled)
            if cancelled():
                raise CancelledError
        write_run(self._folder, self._values)

    def _finish(self) -> None:
        self.done.emit()

    def _fail(self, error: GeoDistilError) -> None:
        if not self._cancelled:
            self.failed.emit(error)

    def _label_copies(self) -> list[Snapshot]:
        labels = [
            self._label_copy(users[0].labels, path, users[0].field, users)
            for path, users in self._files.labels_of.items()
        ]
        areas = [
            self._label_copy(users[0].area_layer, path, None, users) for path, users in self._files.areas_of.items()
        ]
        return labels + areas

    def _label_copy(self, layer_id: str, path: str, field: str | None, users: list[SourceDraft]) -> Snapshot:
        """A copy of what lies on the imagery of the sources that use it."""
        layer = self._project.mapLayer(layer_id)
        request = features_on_any(layer.crs(), self._grounds(users))
        return Snapshot(layer, self._folder / path, field, which=Which(request=request))

    def _grounds(self, sources: list[SourceDraft]) -> list[Ground]:
        return [ground(self._project.mapLayer(source.raster), source.extent) for source in sources]


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
