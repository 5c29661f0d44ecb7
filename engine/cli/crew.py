"""`predict` as one of several processes, which `torchrun` or a job scheduler starts."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import DeviceError, OutputError
from ..events import STOP_FILE, EventLog

if TYPE_CHECKING:
    from ..config import Card
    from ..inference import Backend
    from ..inference.sharing import Crew

FOLDER = "prediction.shared"
"""Begins the name of a folder, in the outputs', through which processes share a job; it goes when the job is done."""
NOT_OF_THE_JOB = {"output", "json", "command"}


class Place(NamedTuple):
    """Which of how many processes this is."""

    rank: int
    size: int


def place() -> Place | None:
    """This process's place as its environment says, none where it works alone."""
    try:
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return None
    return Place(rank, size) if 0 <= rank < size and size > 1 else None


def own_gpu() -> None:
    """Let each process of a machine see one of its GPUs; before any library has looked for them."""
    from ..inference.backends.choice import gpus

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = named.split(",") if named else [str(number) for number in range(len(gpus()))]
    if there and (local := os.environ.get("LOCAL_RANK", "")).isdecimal():
        os.environ["CUDA_VISIBLE_DEVICES"] = there[int(local) % len(there)]


def shared(options: argparse.Namespace, place: Place, work: Callable[[EventLog, Crew], Any]) -> Any:
    """Do this process's share of a job, as `job.carry_out` does a whole one.

    A signal ends this process only; a file `stop` in the job's folder ends all.

    Args:
        options: of the command line, the same for all processes.
        place: this process's.
        work: gets the log and the crew, and returns the outputs.

    Raises:
        OutputError: others work in the folder, on another job.
    """
    from .. import __version__
    from ..inference.sharing import Crew
    from ..processes import refuse_owned
    from .job import carry_out

    if options.device in ("auto", "cuda"):
        own_gpu()
    job = {name: value for name, value in vars(options).items() if name not in NOT_OF_THE_JOB}
    digest = hashlib.sha256(json.dumps([__version__, job], sort_keys=True, default=str).encode()).hexdigest()
    with Crew(options.output / f"{FOLDER}-{digest[:12]}", *place) as crew:
        refuse_owned(options.output)
        refuse_crews(options.output, crew.folder)
        own = crew.folder / f"process{place.rank}"

        def asked() -> bool:
            return _asked(options.output, crew)

        return carry_out(own, lambda events: work(_CrewLog(events, asked), crew), _listener(options, place), asked)


def _asked(output: Path, crew: Crew) -> bool:
    """Whether all of a job's processes are to end; its file `stop` counts from when this process has come."""
    try:
        return (output / STOP_FILE).stat().st_mtime >= crew.joined
    except OSError:
        return False


def refuse_crews(output: Path, own: Path | None = None) -> None:
    """Leave a folder to processes that share another job there; what dead ones have left is removed.

    Args:
        output: the folder.
        own: where this process shares its job, if it does.

    Raises:
        OutputError: one of them lives.
    """
    from ..inference.sharing import at_work

    for folder in output.glob(f"{FOLDER}-*"):
        if folder == own:
            continue
        if at_work(folder):
            raise OutputError(
                f"The folder {output} is in use: processes share another prediction there, in {folder.name}.",
                "Let them end, or end them in order with an empty file named stop in the folder, then start again.",
            )
        shutil.rmtree(folder, ignore_errors=True)


def agreed_backend(model: Path, card: Card, crew: Crew, choose: Callable[[], Any]) -> tuple[Backend, int]:
    """The backend that all processes use, and its batch size: others would give other last bits.

    Args:
        model: the package's folder.
        card: its card.
        crew: the processes.
        choose: gives a `Candidate`; only one process is asked.

    Raises:
        DeviceError: this machine runs it in another way than the one that chose.
    """
    from ..inference.backends.choice import Candidate
    from .backends import make_backend

    made: list[Backend] = []

    def decide() -> dict[str, Any]:
        candidate = choose()
        made.append(make_backend(model, card, candidate))
        return {"candidate": candidate, "name": made[0].name, "batch_size": made[0].batch_size}

    agreed = crew.agree("backend", decide)
    backend = made[0] if made else make_backend(model, card, Candidate(*agreed["candidate"]))
    if backend.name != agreed["name"]:
        raise DeviceError(
            f"This machine runs the model with {backend.name}, and another one of this job with {agreed['name']}.",
            "Choose what all machines have, with --backend and --device.",
        )
    return backend, agreed["batch_size"]


class _CrewLog(EventLog):
    """Events of one process, which ends with the others too."""

    def __init__(self, events: EventLog, asked: Callable[[], bool]) -> None:
        super().__init__(None)
        self._events, self._asked = events, asked

    def write(self, kind: Any, **values: Any) -> None:
        """As of the process's own log."""
        self._events.write(kind, **values)

    def stop_requested(self) -> bool:
        """Whether this process, or all of them, are to end."""
        return self._events.stop_requested() or self._asked()


def _listener(options: argparse.Namespace, place: Place) -> Callable[[dict[str, Any]], None]:
    """The first process shows the progress, and writes the job's `events.jsonl`; the others say only what is wrong."""
    from .progress import progress_listener

    show = progress_listener()
    if place.rank:
        return lambda event: show(event) if event["kind"] == "warning" else None
    log = EventLog(options.output)

    def listen(event: dict[str, Any]) -> None:
        log.write(**event)
        show(event)

    return listen
