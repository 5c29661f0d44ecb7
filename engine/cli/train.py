"""`train`: a run folder in, a package and a report out, by one process or several; goes on where it was interrupted."""

from __future__ import annotations

import argparse
import os
import platform
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Stopped, TrainingError
from ..events import Event, EventLog, Listener, NoteEvent, PartOfLog, StartedEvent, WarningEvent
from ..processes import Interrupted, end_with_process

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric

    from ..config import Card, Run
    from ..data import Prepared
    from ..models import TaskNetwork
    from ..processes import Place
    from ..recipes.plan import Plan, PlannedRun
    from ..training import Settled, Trained
    from .terminal import Steps


def follow(folder: Path, work: Callable[[EventLog], Any]) -> None:
    """Do the work as a process that is not the first: it owns nothing and writes no events, but says what is wrong.

    Args:
        folder: the run folder, whose file `stop` ends all.
        work: gets a log that keeps nothing.

    Raises:
        GeoDistilError: of this process; what all of them were asked for, the first one tells.
    """
    from .terminal import stop_with_others

    asked = threading.Event()
    with suppress(Stopped, Interrupted), stop_with_others(folder, asked) as wanted:
        # no failure where all end as asked: a launcher would end the first one for it, which may still be writing
        try:
            work(_Followers(asked))
        except TrainingError:
            if not wanted():
                raise


class _Followers(EventLog):
    """Events of a process that is not the first; warnings are told, for the first one may not have seen them."""

    def __init__(self, asked: threading.Event) -> None:
        super().__init__(None, _tell)
        self._asked = asked

    def stop_requested(self) -> bool:
        """Whether this process was sent a signal."""
        return self._asked.is_set()


def _tell(event: Event) -> None:
    if isinstance(event, WarningEvent):
        print(f"warning: {event.message}", file=sys.stderr)


def end_with_launcher() -> None:
    """Have this process end with the torchrun that has started it: nobody could stop it any more."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        end_with_process(os.getppid())


def take_all_cards(settings: Run) -> None:
    """Have a training on the device `all` go on as a process for each of this machine's cards, where it has several.

    This process becomes torchrun, so that its id, its output and signals to it stay what they are.
    """
    if settings.training.device != "all":
        return
    import torch

    if not torch.distributed.is_nccl_available():
        return
    processes = min(torch.cuda.device_count(), settings.training.batch_size)
    if processes > 1:
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        command = [sys.executable, *launcher, "-m", "engine", *sys.argv[1:]]
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, command)  # nosec B606 # our own interpreter


HELP = "train a run folder into a model package"
DESCRIPTION = (
    "Trains RUN/run.json stage by stage and writes RUN/model and RUN/report.html. An interrupted training goes on from "
    "its last checkpoint. Ctrl-C, SIGTERM or a file RUN/stop end it in order, with a checkpoint. On the device "
    "all every graphics card of the machine shares each batch; torchrun or srun share it among machines."
)
MODEL_FOLDER = "model"
TRAINED = 0.98
"""Share of the whole that is done when a network is trained; then it is examined and packed."""
PARTS = (
    ("windows", 2),
    ("validation", 4),
    ("report", 1),
    ("context", 3),
    ("weights", 0.5),
    ("graph", 10),
    ("check", 3),
)
"""What is done with a trained network, and how long each takes beside the others."""
CONTEXT_RASTERS = 2
"""Rasters on which the network's context is measured; one or two seconds each."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("folder", metavar="RUN", type=Path, help="a run folder")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train and package, with progress on the error stream."""
    from ..config import load_run
    from ..processes import place

    if place() is None:
        take_all_cards(load_run(options.folder))
    return train_run(options.folder)


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    values = ", ".join(f"{name} {value:.3f}" for name, value in result["metrics"].items() if name.count("/") == 1)
    return f"model: {result['model']}\nreport: {result['report']}\nvalidation: {values or 'none'}"


def train_run(folder: Path, listener: Listener | None = None) -> dict[str, Any]:
    """Train a run folder and write its package and report; every step of it is an event.

    Of several processes that a launcher has started the first does so; the others train with it, and end the program.

    Raises:
        GeoDistilError: as the event `failed` (or `stopped`) says too.
    """
    from ..config import load_run
    from ..processes import check_place, place
    from .job import carry_out

    settings, where = load_run(folder), place()
    if where is not None:
        end_with_launcher()
        check_place(where, settings.training.batch_size)
        if where.rank:
            follow(folder, lambda events: _trained(folder, settings, events, where))
            raise SystemExit(0)
    result = carry_out(folder, lambda events: _train(folder, settings, events, where), listener)
    report(folder, lambda sentence: print(sentence, file=sys.stderr))  # once more, for now it has an end
    return result


def report(folder: Path, warn: Callable[[str], Any]) -> Path | None:
    """The run's report; none, with a sentence, where it cannot be written: hours of training never fail for that."""
    from ..report import write_report

    try:
        return write_report(folder)
    except Exception as error:  # whatever it is: the model matters more
        reason = str(error) or type(error).__name__
        warn(f"The report is left out: {reason.rstrip('.')}. Mend that and run: python -m engine report {folder}")
        return None


def _trained(
    folder: Path, settings: Run, events: EventLog, where: Place | None
) -> tuple[torch.device, PlannedRun, Settled, Trained]:
    """Train, alone or with the other processes."""
    from .. import ranks
    from ..data import kept_in, prepare
    from ..data.blocks import write_split
    from ..errors import on_disk
    from ..files import synchronise_tree
    from ..processes import held
    from ..recipes import build_plan
    from ..recipes.plan import PlannedRun
    from ..training import Loop, joined, make_fabric, settle

    fabric = make_fabric(settings.training, where)
    with joined(settings.training, where):
        events.write(_started(fabric, where))
        with ranks.first_before_others():  # which find what it keeps
            prepared = prepare(settings, kept_in(folder))
            if ranks.is_first():
                with on_disk(f"The run folder {folder}", folder):
                    if prepared.split is not None:
                        write_split(folder, prepared.split)
                    synchronise_tree(folder)  # also what QGIS wrote a moment ago: settings, labels
        for warning in prepared.warnings:
            events.write(WarningEvent(warning))
        fabric.seed_everything(settings.training.seed, verbose=False)
        with ranks.first_before_others():  # which need not fetch weights again, and find the same teachers
            settled = settle(folder, settings, prepared, build_plan(settings, prepared), keep=ranks.is_first())
        plan = settled.plan
        for warning in [*settled.warnings, *plan.warnings]:
            events.write(WarningEvent(warning))
        for note in [*plan.notes, *filter(None, [settled.note])]:
            events.write(NoteEvent(note))
        planned = PlannedRun(folder, settings, prepared, plan)
        with held():  # it looks for a stop itself, and ends with a checkpoint
            trained = Loop(planned, fabric, PartOfLog(events, 0, TRAINED)).train()
    return fabric.device, planned, settled, trained


def _train(folder: Path, settings: Run, events: EventLog, where: Place | None) -> dict[str, Any]:
    from ..training import enough_memory, offer
    from .terminal import Steps
    from .validation_files import write_validation

    device, planned, settled, trained = _trained(folder, settings, events, where)
    offer(folder, settings, planned.plan, settled.identity)
    steps = Steps(PartOfLog(events, TRAINED, 1), PARTS)
    try:
        steps.begin("windows")
        card = _card(planned, trained)
        steps.begin("validation")
        with enough_memory(settings.training, device):
            write_validation(planned, card, device, events)
        return _package(planned, trained, card, steps, events)
    except (Stopped, Interrupted):
        raise Stopped(
            "The model was not written, as asked; what was trained is kept.", "Train again to write it."
        ) from None


def _started(fabric: Fabric, where: Place | None) -> StartedEvent:
    import torch

    from .. import __version__
    from ..training import device_name

    return StartedEvent(
        pid=os.getpid(),
        host=socket.gethostname(),
        device=f"{where.size} x {device_name(fabric)}" if where else device_name(fabric),
        precision=fabric._precision.precision,
        versions={"geodistil": __version__, "torch": torch.__version__, "python": platform.python_version()},
    )


def _package(planned: PlannedRun, trained: Trained, card: Card, steps: Steps, events: EventLog) -> dict[str, Any]:
    from ..packages import Beside, write_package
    from ..report import for_others
    from .validation_files import preview

    folder, settings, prepared = planned.folder, planned.run, planned.prepared
    model = folder / MODEL_FOLDER
    result = {"model": str(model), "report": str(folder / "report.html"), "metrics": trained.values}
    steps.begin("report")
    written = report(folder, lambda sentence: events.write(WarningEvent(sentence)))
    page = for_others(written.read_text(encoding="utf-8"), settings, folder).encode() if written else None
    picture = preview(settings, prepared, trained.network, card.thresholds())
    steps.begin("context")
    card = card.model_copy(update={"context": _context(prepared, trained.network, card)})
    write_package(model, trained.network, card, Beside(page, picture), tell=steps.begin)
    steps.end()
    return result


def _context(prepared: Prepared, network: TaskNetwork, card: Card) -> int | None:
    """How near a window's edge its classes cannot be trusted, measured on the run's first rasters."""
    from ..inference import TorchBackend
    from ..inference.context import measured_context

    if "segmentation" not in card.tasks:
        return None
    sources = prepared.of_role("segmentation") or prepared.sources
    readers = [source.reader for source in sources[:CONTEXT_RASTERS]]
    return measured_context(TorchBackend(network, card, "cpu"), readers, card.tile_size)


def _card(planned: PlannedRun, trained: Trained) -> Card:
    from ..config import Card, CardClass
    from ..inference.window_size import window_size

    def shown(definitions: list[Any]) -> list[CardClass]:
        return [CardClass(name=d.name, color=d.color, values=d.label_values()) for d in definitions]

    settings, prepared, plan, tasks = planned.run, planned.prepared, planned.plan, trained.network.tasks
    return Card(
        name=settings.name,
        tasks=list(tasks),
        gsd=prepared.gsd,
        bands=prepared.bands,
        dtype=prepared.dtype,
        mean=trained.network.mean.tolist(),
        std=trained.network.std.tolist(),
        source_statistics=prepared.source_statistics,
        fill=prepared.mean,
        nodata=prepared.nodata,
        tile_size=window_size(trained.network, prepared, settings),
        object_size=_object_size(prepared, plan) if "detection" in tasks else None,
        segmentation_classes=shown(settings.segmentation_classes) if "segmentation" in tasks else [],
        background=settings.background,
        detection_classes=shown(settings.detection_classes) if "detection" in tasks else [],
        network=plan.specs[plan.exported],
        **_thresholds(trained.values, plan),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        geometry=prepared.geometry,
        metrics=trained.values,
    )


def _object_size(prepared: Prepared, plan: Plan) -> float | None:
    """The larger objects' longer side in pixels, of the labels, else the plan's."""
    sides = prepared.object_sides
    return plan.object_size if sides is None else round(sides.longer[-1], 1)


def _thresholds(values: dict[str, float], plan: Plan) -> dict[str, Any]:
    """Of detections: what validation has chosen, else the plan's."""
    common, own = "detection/threshold", "detection/threshold/"
    if common not in values:
        return {"score_threshold": plan.score_threshold, "score_thresholds": plan.score_thresholds}
    by_class = {key.removeprefix(own): round(value, 3) for key, value in values.items() if key.startswith(own)}
    return {"score_threshold": round(values[common], 3), "score_thresholds": by_class}
