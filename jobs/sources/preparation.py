"""A draft becomes a run folder while QGIS goes on: rasters are exported, labels copied, `run.json` is written."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsTask
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, Cancelled, start
from ..errors import GeoDistilError
from .copying import Ground, LabelCopy
from .draft import Draft, SourceDraft
from .exporting import export_task
from .files import Files
from .run_file import run_values, write_run


class Preparation(QObject):
    """Writes a run folder; the layers are looked at when `start` is called, and not after.

    Args:
        draft: the run.
        folder: an empty folder.
        project: where the layers are.
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
        self._exports = list(self._files.exports.items())
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
            self._fail(GeoDistilError("raster", f"The layer of {path} is no longer in the project."))
            return
        self.step.emit(f"Exporting {layer.name()}…")
        self._task = export_task(layer, source, self._folder / path, self._next_export, self._fail)
        QgsApplication.taskManager().addTask(self._task)

    def _copy(self) -> None:
        self.step.emit("Copying labels…")
        self._task = start(Background("Write the run folder", self._write, lambda _: self.done.emit(), self._fail))

    def _write(self, cancelled: Cancelled) -> None:
        """On another thread."""
        for copy in self._copies:
            copy(cancelled)
            if cancelled():
                return
        write_run(self._folder, self._values)

    def _fail(self, error: GeoDistilError) -> None:
        if not self._cancelled:
            self.failed.emit(error)

    def _label_copies(self) -> list[LabelCopy]:
        layer = self._project.mapLayer
        labels = [
            LabelCopy(layer(users[0].labels), self._folder / path, self._grounds(users), users[0].field)
            for path, users in self._files.labels_of.items()
        ]
        areas = [
            LabelCopy(layer(users[0].area_layer), self._folder / path, self._grounds(users), None)
            for path, users in self._files.areas_of.items()
        ]
        return labels + areas

    def _grounds(self, sources: list[SourceDraft]) -> list[Ground]:
        providers = [self._project.mapLayer(source.raster).dataProvider() for source in sources]
        return [(provider.crs(), provider.extent()) for provider in providers]
