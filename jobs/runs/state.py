"""A run's state, derived from its files and from whether its process lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Callable

from ..servers.note import Note, Stage
from ..translation import tr
from .history import History

Alive = Callable[[int, str, float], bool]
"""Process id, host and time of the last sign to whether it lives: `is_alive`."""

TASKS = ("detection", "segmentation")
TEACHERS = ("detection_teacher", "segmentation_teacher")
"""The networks that `partial_multitask` can take from another run (`recipe.teachers_from`)."""


class Status(Enum):
    """What a run is doing; the value is what a person reads."""

    NEW = tr("Not started")
    WAITING = tr("Waiting")
    COPYING = tr("Copying")
    STARTING = tr("Starting")
    RUNNING = tr("Running")
    PREDICTING = tr("Predicting")
    STOPPING = tr("Stopping")
    STOPPED = tr("Stopped")
    KILLED = tr("Interrupted")
    FAILED = tr("Failed")
    FINISHED = tr("Finished")


BUSY = (Status.COPYING, Status.STARTING, Status.RUNNING, Status.PREDICTING, Status.STOPPING)
ENDINGS = {"finished": Status.FINISHED, "failed": Status.FAILED, "stopped": Status.STOPPED}


@dataclass(frozen=True)
class Launch:
    """A start that the dock made, as `launch.json` keeps it; the engine's own word follows seconds later.

    Args:
        pid: the child's process id.
        host: its machine.
        time: when, in seconds since 1970.
        last_line: the last line of its output.
    """

    pid: int
    host: str
    time: float
    last_line: str = ""


@dataclass(frozen=True)
class RunState:
    """One run as the dock shows it.

    Args:
        folder: the run folder.
        settings: `run.json`.
        status: what it does.
        history: its events so far.
        launch: its last start by the dock, where there was one.
        has_model: whether its package is complete.
        has_report: whether there is a report.
        teachers: those of its networks that a later run can take over.
        prediction: the events of the prediction after the training so far.
        rasters: how many are to be predicted after the training.
        server: what is known of it on its server; none where it is of this machine.
    """

    folder: Path
    settings: dict[str, Any]
    status: Status
    history: History = field(default_factory=History)
    launch: Launch | None = None
    has_model: bool = False
    has_report: bool = False
    teachers: tuple[str, ...] = ()
    prediction: History = field(default_factory=History)
    rasters: int = 0
    server: Note | None = None

    @property
    def name(self) -> str:
        """The run's name, its folder's where it has none."""
        return str(self.settings.get("name") or self.folder.name)

    @property
    def recipe(self) -> str:
        """The recipe's kind."""
        return str(self.section("recipe").get("kind", ""))

    @property
    def only_task(self) -> str:
        """The one task that its network has learned from labels; empty where it has learned both."""
        sources, asked = self.settings.get("sources"), self.section("recipe").get("tasks")
        roles = [each.get("role") for each in sources if isinstance(each, dict)] if isinstance(sources, list) else []
        listed = asked if isinstance(asked, list) and asked else TASKS
        tasks = [task for task in TASKS if task in roles and task in listed]
        return tasks[0] if len(tasks) == 1 else ""

    @property
    def asked_device(self) -> str:
        """The device that `run.json` asks for."""
        return str(self.section("training").get("device") or "auto")

    def section(self, name: str) -> dict[str, Any]:
        """A part of `run.json`, such as `recipe`; empty where it has none, or one that is damaged."""
        values = self.settings.get(name)
        return values if isinstance(values, dict) else {}

    @property
    def busy(self) -> bool:
        """Whether a process works on it."""
        return self.status in BUSY

    @property
    def trained(self) -> bool:
        """Whether the training is done and its model here, and at most the prediction after it is not."""
        return self.history.finished and (self.server is None or self.server.stage is Stage.ENDED)

    @property
    def sends(self) -> bool:
        """Whether its files are on their way to its server."""
        return self.status is Status.COPYING and self.server is not None and self.server.stage is Stage.COPYING

    @property
    def predicted(self) -> bool:
        """Whether nothing is left to be predicted."""
        return not self.rasters or self.prediction.finished

    @property
    def working(self) -> History:
        """The events of what is going on: the prediction's after the training, else the training's."""
        return self.prediction if self.trained and self.busy else self.history

    @property
    def fraction(self) -> float:
        """How much of the whole is done, 0 to 1; of the prediction where that is going on."""
        if self.status is Status.FINISHED:
            return 1.0
        if self.status is Status.COPYING and self.server is not None:
            return self.server.fraction
        return float(self.working.progress.get("fraction") or 0.0)

    def seconds_left(self, now: float) -> float | None:
        """The engine's estimate less the time since it was made; none while there is no estimate."""
        if self.status is Status.COPYING and self.server is not None:
            return self.server.seconds_left
        progress = self.working.progress
        if self.status not in (Status.RUNNING, Status.PREDICTING) or progress.get("eta_seconds") is None:
            return None
        return max(0.0, progress["eta_seconds"] - max(0.0, now - progress.get("time", now)))


def status(history: History, launch: Launch | None, stop_asked: bool, alive: Alive) -> Status:
    """What a run is doing.

    Args:
        history: its events.
        launch: its last start by the dock.
        stop_asked: whether the file `stop` is there.
        alive: tells whether a process lives.
    """
    if launch is not None and launch.time > history.time:  # it has not said anything yet
        return Status.STARTING if alive(launch.pid, launch.host, launch.time) else Status.FAILED
    if history.ending:
        stopped = history.ending.get("code") == "stopped"
        return Status.STOPPED if stopped else ENDINGS[history.ending["kind"]]
    if not history.started:
        return Status.NEW
    if alive(int(history.started.get("pid") or 0), str(history.started.get("host")), history.time):
        return Status.STOPPING if stop_asked else Status.RUNNING
    return Status.KILLED


def server_status(note: Note, history: History, launch: Launch | None, stop_asked: bool) -> Status:
    """What a run on a server is doing.

    Args:
        note: what is known of it there.
        history: its events.
        launch: its last start there.
        stop_asked: whether the file `stop` is there.
    """
    if note.stage in (Stage.COPYING, Stage.FETCHING):
        return Status.STOPPING if stop_asked and note.stage is Stage.COPYING else Status.COPYING
    if note.stage is Stage.FAILED:
        return Status.FAILED
    if note.stage is Stage.CANCELLED:
        return Status.STOPPED
    now = status(history, launch, stop_asked, lambda *_: note.alive)
    return now if now in BUSY or note.stage is not Stage.WORKING else Status.RUNNING  # its results are not here yet


def prediction_status(
    history: History, prediction: History, launch: Launch | None, stop_asked: bool, alive: Alive
) -> Status:
    """What a run is doing that is trained and has something to predict.

    Args:
        history: the training's events.
        prediction: the prediction's.
        launch: its last start by the dock: of the process that goes on with the prediction.
        stop_asked: whether the file `stop` is where the prediction looks for it.
        alive: tells whether a process lives.
    """
    if launch is None:
        return Status.FINISHED
    if prediction.ending and prediction.time > max(history.time, launch.time):
        return Status.FINISHED
    working = prediction.started and not prediction.ending
    pids = (launch.pid, *([int(prediction.started.get("pid") or 0)] if working else []))
    last_sign = max(history.time, prediction.time, launch.time)
    if not any(alive(pid, launch.host, last_sign) for pid in pids):
        return Status.FINISHED
    return Status.STOPPING if stop_asked else Status.PREDICTING


def abilities(state: RunState) -> set[str]:
    """What a person can do with a run, as names of the dock's actions."""
    able = {"folder", "template"}
    unfinished = state.status is Status.FINISHED and not state.predicted
    if unfinished or state.status in (Status.NEW, Status.STOPPED, Status.KILLED, Status.FAILED):
        able |= {"start", "start_now"}
    if state.status is Status.WAITING:
        able |= {"start_now", "stop"}
    if state.status in (Status.STARTING, Status.RUNNING, Status.PREDICTING) or state.sends:
        able.add("stop")
    if state.status is Status.STOPPING:
        able.add("end_now")
    if not state.busy and state.status is not Status.WAITING:
        able |= {"export", "delete"}
    able |= {"predict", "review", "distil"} if state.has_model else set()
    able |= {"results"} if state.prediction.finished else set()
    able |= {"report"} if state.has_report else set()
    able |= {"teachers"} if state.teachers else set()
    able |= {"both_tasks"} if state.trained and state.has_model and state.only_task else set()
    return able
