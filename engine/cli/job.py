"""What long commands share: what their files may reach, their events, an orderly end, and class names."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..events import Event, EventLog, FinishedEvent, Listener, StoppedEvent
from ..malloc import has_room

if TYPE_CHECKING:
    from ..errors import DeviceError
    from ..processes import Owner


READING = (
    "predict",
    "click",
    "evaluate",
    "review",
    "polygons",
    "lines",
    "boxes",
    "export",
    "export-chips",
    "import-labels",
)
"""Commands that open files whose names they are given; those that take a run folder go by its `allow_remote`."""
_NAMED = (
    "raster",
    "rasters",
    "predictions",
    "truth",
    "area",
    "labelled",
    "class_map",
    "confidence",
    "areas",
    "chips",
    "labels",
    "annotations",
)


def add_argument(command: argparse.ArgumentParser) -> None:
    """Add the permission."""
    command.add_argument(
        "--allow-remote",
        action="store_true",
        help="let files (virtual rasters, services) reach other folders and network addresses, not only what lies "
        "beside them or is named here",
    )


def permit_named(options: argparse.Namespace, more: Iterable[str] = ()) -> None:
    """Let files reach what a command names.

    Args:
        options: the command's.
        more: what its options stand for.
    """
    from ..data.reach import permit

    given = (getattr(options, name, None) or [] for name in _NAMED)
    several = chain.from_iterable(value if isinstance(value, list) else [value] for value in given)
    permit([*(value for value in several if isinstance(value, str | Path)), *more], options.allow_remote)


Made = TypeVar("Made")
MEMORY_WORDS = ("can't start new thread", "failed to map segment", "cannot map zero-fill pages")
"""What Python, and what loads its libraries, say of full memory, in errors that have no type of their own."""


def add_output_arguments(command: argparse.ArgumentParser, what: str) -> None:
    """Add where the result and the events go."""
    command.add_argument(
        "--output", metavar="FILE", type=Path, required=True, help=f"{what}: .gpkg, .fgb, or .parquet (pyarrow)"
    )
    command.add_argument(
        "--events", metavar="FOLDER", type=Path, help="write events.jsonl there; a file FOLDER/stop ends it in order"
    )


def add_sharing_arguments(command: argparse.ArgumentParser) -> None:
    """Add who shares the work."""
    sharing = command.add_mutually_exclusive_group()
    sharing.add_argument(
        "--workers", metavar="N", type=positive, help="share the work among N processes here, each with its own GPU"
    )
    sharing.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="share the work among the workers of a Dask scheduler (tcp://HOST:8786, or its file)",
    )


def positive(text: str) -> int:
    """An argument type: a whole number from 1."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def number(text: str) -> float:
    """An argument type: a number from 0."""
    if not 0 <= (value := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0")
    return value


def count(text: str) -> int:
    """An argument type: a whole number from 0."""
    if (value := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return value


def add_class_arguments(command: argparse.ArgumentParser, what: str) -> None:
    """Add how classes are called, and which of them to write."""
    command.add_argument("--model", type=Path, help="the model package of a class map: names its classes")
    command.add_argument("--name", dest="names", metavar="VALUE=NAME", type=class_name, action="append", default=[],
                         help="name a class value; may be repeated")  # fmt: skip
    command.add_argument("--class", dest="classes", metavar="CLASS", action="append", default=[],
                         help=f"{what} of this class only, by name or value; may be repeated")  # fmt: skip


def class_name(text: str) -> tuple[int, str]:
    """An argument type: a class value and its name, `1=roof`."""
    value, _, name = text.partition("=")
    if not (value.isdecimal() and 1 <= int(value) <= 254 and name.isprintable() and 0 < len(name) <= 200):
        raise argparse.ArgumentTypeError(f"'{text}' is not like 1=roof, with a value from 1 to 254")
    return int(value), name


def known_names(options: argparse.Namespace) -> dict[int, str]:
    """Names by class-map value, from `--model` and `--name`; a value that is not in it is called by its number.

    Raises:
        PackageError: the model is no package.
    """
    from ..packages import load_card

    classes = load_card(options.model).segmentation_classes if options.model else []
    return {value: each.name for value, each in enumerate(classes, start=1)} | dict(options.names)


def class_values(texts: Sequence[str], names: dict[int, str]) -> frozenset[int]:
    """The values of classes that a person called by name or by value.

    Raises:
        ConfigError: there is no such class.
    """
    return frozenset(_class_value(text, {name: value for value, name in names.items()}) for text in texts)


def _class_value(text: str, values: dict[str, int]) -> int:
    from ..errors import ConfigError

    if text in values:
        return values[text]
    if text.isdecimal() and 1 <= int(text) <= 254:
        return int(text)
    told = f"one of {', '.join(values)}" if values else "it by its value, from 1 to 254"
    raise ConfigError(f"There is no class '{text}'; name {told}.")


def carry_out(
    folder: Path | None,
    work: Callable[[EventLog], Made],
    listener: Listener | None = None,
    also: Callable[[], bool] = lambda: False,
) -> Made:
    """Do the work; its events and its end are told to a listener and written into a folder.

    Args:
        folder: gets `events.jsonl`, and a file `stop` in it ends the work in order; it is this process's meanwhile.
            None keeps the events off disk.
        work: gets the log and returns the outputs.
        listener: none shows a person on the error stream how it goes.
        also: whether something else than the file asks for a stop.

    Raises:
        GeoDistilError: as the event `failed` (or `stopped`) says too; where another process works in the folder,
            its events are left alone.
    """
    from ..errors import GeoDistilError, Stopped
    from ..processes import Interrupted, Lost, Owner, remove_scratch, sweep, sweep_semaphores
    from .terminal import orderly_stop, progress_listener

    with ExitStack() as inside:
        tell, owner = listener or progress_listener(), None
        if folder:
            owner = inside.enter_context(Owner(folder))
            tell = _as_owner(tell, owner)
            sweep(folder)
        sweep_semaphores()
        events = EventLog(folder, tell)
        stopped = Stopped("It was stopped as asked; outputs that were not complete are not there.", "Start it again.")

        def last_words() -> None:
            events.write(StoppedEvent(stopped.message, stopped.hint))
            print(f"error: {stopped}", file=sys.stderr)
            remove_scratch()
            if owner:
                owner.release()

        try:
            with orderly_stop(folder, also, last_words):
                outputs = work(events)
        except Lost:
            raise
        except (Stopped, Interrupted) as error:
            stopped = error if isinstance(error, Stopped) else stopped
            events.write(StoppedEvent(stopped.message, stopped.hint))
            raise stopped from None
        except GeoDistilError as error:
            events.failed(error)
            raise
        except Exception as error:
            if (full := memory_error(error)) is None:
                raise
            events.failed(full)
            raise full from error
        events.write(FinishedEvent(outputs))
    return outputs


def memory_error(error: Exception) -> DeviceError | None:
    """The sentence for an error that says, in whichever library's words, that memory is full; none for others."""
    from ..errors import DeviceError

    full = any(_says_full(each) for each in _beneath(error))
    if not full and "torch" in sys.modules:
        from ..models.devices import out_of_memory

        full = out_of_memory(error)
    if not full:  # libraries have words of their own: "error return without exception set", "Failed to serialize"
        full = not has_room()
    sentence = "The memory of this machine is full, so the work ended."
    return DeviceError(sentence, "Close other programs and start it again; what was done is kept.") if full else None


def _says_full(error: BaseException) -> bool:
    of_its_own = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    return of_its_own or any(words in str(error) for words in MEMORY_WORDS)


def _beneath(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those during which it came up: PyTorch's writers say of full memory that a position is wrong."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _as_owner(tell: Listener, owner: Owner) -> Listener:
    def listen(event: Event) -> None:
        tell(event)
        owner.check()

    return listen
