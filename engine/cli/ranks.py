"""`train` as one of several processes: the first one owns the run folder and speaks for all."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Stopped, TrainingError
from ..events import Event, EventLog, WarningEvent
from ..processes import Interrupted, end_with_process

if TYPE_CHECKING:
    from ..config import Run


def follow(folder: Path, work: Callable[[EventLog], Any]) -> None:
    """Do the work as a process that is not the first: it owns nothing and writes no events, but says what is wrong.

    Args:
        folder: the run folder, whose file `stop` ends all.
        work: gets a log that keeps nothing.

    Raises:
        GeoDistilError: of this process; what all of them were asked for, the first one tells.
    """
    from .signals import stop_with_others

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
