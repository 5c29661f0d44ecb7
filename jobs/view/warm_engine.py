"""The engine that stays warm: what it is asked of a view, one request at a time, the newest first."""

from __future__ import annotations

import json
import math
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import (
    QgsMapLayer,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, QProcess, QTimer, pyqtSignal

from ..environment import ROOT, engine_python, qt_environment
from ..errors import STOPPED, GeoDistilError, file_errors
from ..events import EventReader
from ..folders import job_folder
from ..gdal_files import permission
from ..given import given
from ..layers.styled import LEVEL
from ..process import LOG_FILE, STOP_FILE
from ..reference_systems import extent_arguments, sides, view_on
from ..snapshots import raster_path
from ..tiles.plan import Order, order_for
from ..tiles.service import is_service
from ..translation import local, local_brief, tr

MOST_MEGAPIXELS = 16.0
"""Of the model's own pixels: what a small processor predicts in some ten seconds."""

RASTER_CODE = "raster"


class Question(NamedTuple):
    """What the engine is asked.

    Args:
        model: the package.
        raster: the imagery's file; empty where it is to be fetched first.
        part: of it, in its CRS.
        megapixels: how much of the model's own pixels that is.
        order: what is fetched of a service; none where the imagery is a file.
    """

    model: str
    raster: str
    part: QgsRectangle
    megapixels: float
    order: Order | None = None

    def arguments(self, fetched: str = "") -> list[str]:
        """Of the engine's `predict`; with the file that was fetched, where one had to be."""
        raster = fetched or self.raster
        return [self.model, raster, *extent_arguments(self.part), *permission([raster])]


def question(
    model: Path, card: dict[str, Any], raster: QgsRasterLayer, settings: QgsMapSettings, project: QgsProject
) -> Question:
    """What a map shows of a raster, as a question to the engine.

    Args:
        model: the package.
        card: its card.
        raster: the imagery.
        settings: the map's.
        project: knows how coordinates are transformed.

    Raises:
        GeoDistilError: the raster is neither a file nor a service, is not seen, or too much of it is.
    """
    service = is_service(raster)
    path = "" if service else raster_path(raster)
    view = view_on(settings.visibleExtent(), settings.destinationCrs(), raster, project)
    part = seen_part(raster, view)
    megapixels = math.prod(sides(part, raster, project)) / card["gsd"] ** 2 / 1e6
    if megapixels > MOST_MEGAPIXELS:
        # The raster may fill no more than a part of this view, but all of the nearer one.
        whole = math.prod(sides(view, raster, project)) / card["gsd"] ** 2 / 1e6
        scale = settings.scale() * math.sqrt(MOST_MEGAPIXELS / whole)
        raise GeoDistilError(
            RASTER_CODE,
            tr("The view has {count} million of the pixels of {gsd} m that the model {model} sees, too many.").format(
                count=local(megapixels, 0), gsd=local_brief(card["gsd"]), model=card["name"]
            ),
            tr("Zoom in to 1:{scale} or closer, or use Predict for the whole raster.").format(
                scale=local(_rounded(scale), 0)
            ),
        )
    order = order_for(raster, part, raster.crs(), card["gsd"], project) if service else None
    return Question(str(model), path, part, megapixels, order)


def seen_part(raster: QgsRasterLayer, view: QgsRectangle) -> QgsRectangle:
    """What a view shows of a raster.

    Raises:
        GeoDistilError: nothing.
    """
    part = view.intersect(raster.extent())
    if part.isEmpty() or not part.isFinite():
        raise GeoDistilError(
            RASTER_CODE,
            tr("The view shows nothing of {layer}.").format(layer=raster.name()),
            tr("Choose the raster that is seen, or zoom to this one."),
        )
    return part


def is_imagery(layer: QgsMapLayer | None) -> bool:
    """Whether this may be what a view is predicted of: a raster of GDAL's that no prediction made, or a web service."""
    return (
        isinstance(layer, QgsRasterLayer)
        and (layer.providerType() == "gdal" or is_service(layer))
        and layer.customProperty(LEVEL) is None
    )


def _rounded(scale: float) -> float:
    """Down to two digits, so that it is small enough."""
    digit = 10 ** max(0, math.floor(math.log10(max(scale, 1))) - 1)
    return math.floor(scale / digit) * digit


LOOK_MILLISECONDS = 25
IDLE_MILLISECONDS = 15 * 60 * 1000
"""Without a request for so long, the engine ends and its memory is free; the next request waits for it again."""

PREDICT, CLICK = "predict", "click"
"""The engine's commands that are asked for."""

END_MILLISECONDS = 1000
LOG_CHARACTERS = 2000

ENDED = {
    PREDICT: (
        tr("The engine that predicts the view ended with exit code {code}."),
        tr("Predict the view again; where it happens again, the memory may be too small."),
    ),
    CLICK: (
        tr("The engine that looks at the view ended with exit code {code}."),
        tr("Click again; where it happens again, the memory may be too small for this model."),
    ),
}
"""What is said when the process ends by itself."""


@dataclass
class Job:
    """A request.

    Args:
        folder: gets events and outputs.
        arguments: of the engine's command.
        wanted: whether anyone still waits for its answer.
    """

    folder: Path
    arguments: list[str]
    wanted: bool = True


class WarmEngine(QObject):
    """The process, started with the first request; it ends with QGIS, whatever ends that.

    Args:
        parent: owns it.
        idle: milliseconds without a request after which it ends.
        requests: the engine's command that is asked for.
    """

    finished = pyqtSignal(object, object)
    """The job's folder, and the outputs as `finished` has them."""
    failed = pyqtSignal(object)
    """A `GeoDistilError`."""

    def __init__(self, parent: QObject | None = None, idle: int = IDLE_MILLISECONDS, requests: str = PREDICT) -> None:
        super().__init__(parent)
        self._requests = requests
        self._home: Path | None = None
        self._process: QProcess | None = None
        self._running: Job | None = None
        self._waiting: Job | None = None
        self._reader: EventReader | None = None
        self._count = 0
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MILLISECONDS)
        self._look.timeout.connect(self._read)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(idle)
        self._idle.timeout.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._waiting is not None or (self._running is not None and self._running.wanted)

    @property
    def pid(self) -> int:
        """The process's id; 0 where there is none."""
        return int(self._process.processId()) if self._process is not None else 0

    def ask(self, arguments: list[str]) -> None:
        """Have something answered; what was asked before is not wanted any more.

        Args:
            arguments: of the engine's command: model, raster, and options but for `--output`.

        Raises:
            GeoDistilError: there is no engine, or no room for its answers.
        """
        self.cancel()
        if self._home is None:
            with file_errors():
                self._home = job_folder("view")
        self._count += 1
        job = Job(self._home / str(self._count), arguments)
        if self._running is not None:
            self._waiting = job
            return
        self._send(job)

    def cancel(self) -> None:
        """Want no answer any more; what runs ends soon, and the process stays."""
        self._waiting = None
        if self._running is not None:
            self._running.wanted = False
            _ask_to_stop(self._running)

    def drop(self, folder: Path) -> None:
        """Remove what a job has written, where nobody needs it any more."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End the process and remove what it has written."""
        self.cancel()
        self._running = None
        self._end()
        if self._home is not None:
            self.drop(self._home)
            self._home = None

    def _send(self, job: Job) -> None:
        self._idle.stop()
        if self._process is None:
            self._start()
        self._running, self._reader = job, EventReader(job.folder)
        request = json.dumps({"output": str(job.folder), "arguments": job.arguments})
        given(self._process).write(request.encode("utf-8") + b"\n")
        self._look.start()

    def _start(self) -> None:
        process = QProcess(self)
        process.setProgram(str(engine_python()))
        pid = str(QCoreApplication.applicationPid())
        process.setArguments(["-m", "engine", "serve", "--requests", self._requests, "--parent", pid])
        process.setWorkingDirectory(str(ROOT))
        process.setProcessEnvironment(qt_environment())
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(str(given(self._home) / LOG_FILE))
        process.finished.connect(lambda code, status: self._ended(process, code))
        process.errorOccurred.connect(lambda error: self._not_started(process, error))
        process.start()
        self._process = process

    def _end(self) -> None:
        """End the process at once: it keeps nothing that could be lost."""
        self._look.stop()
        self._idle.stop()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(END_MILLISECONDS)
            process.deleteLater()

    def _read(self) -> None:
        job = self._running
        if job is None:
            return
        for event in given(self._reader).new():
            if event.get("kind") in ("finished", "failed", "stopped"):
                self._done(job, event)
                return
        if not job.wanted:
            _ask_to_stop(job)  # each time: an engine that has just begun removes an old file

    def _done(self, job: Job, event: dict[str, Any]) -> None:
        """A job has ended; the next one begins before anyone hears of it."""
        self._look.stop()
        self._running, self._reader = None, None
        self._idle.start()
        self._go_on()
        if job.wanted and event["kind"] == "finished":
            self.finished.emit(job.folder, (event.get("outputs") or [{}])[0])
            return
        self.drop(job.folder)
        if job.wanted:
            said = event if event["kind"] == "failed" else {**event, "code": STOPPED}
            self.failed.emit(GeoDistilError.from_event(said, self._log()))

    def _go_on(self) -> None:
        job, self._waiting = self._waiting, None
        if job is None:
            return
        try:
            self._send(job)
        except GeoDistilError as error:
            self.failed.emit(error)

    def _ended(self, process: QProcess, code: int) -> None:
        """The process ended by itself: where it had to be interrupted, or was killed."""
        if process is not self._process:
            return
        self._process = None
        given(process).deleteLater()
        job = self._running
        self._read()  # its last words; what waits goes to a new process then
        if self._running is not job or job is None:
            return
        self._look.stop()
        self._running = None
        self._go_on()
        if job.wanted:
            sentence, hint = ENDED[self._requests]
            self.failed.emit(GeoDistilError("engine", sentence.format(code=code), hint, self._log()))

    def _not_started(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if error != QProcess.ProcessError.FailedToStart or process is not self._process:
            return
        self._look.stop()
        self._process, self._running, self._waiting = None, None, None
        sentence = tr("The engine's Python {name} cannot be started.").format(name=given(process).program())
        given(process).deleteLater()
        self.failed.emit(GeoDistilError("environment", sentence))

    def _log(self) -> str:
        try:
            return (given(self._home) / LOG_FILE).read_text("utf-8", "replace")[-LOG_CHARACTERS:].strip()
        except OSError:
            return ""


def _ask_to_stop(job: Job) -> None:
    with suppress(OSError):  # then it runs to its end, and nobody listens
        job.folder.mkdir(exist_ok=True)
        (job.folder / STOP_FILE).touch()
