"""`serve`: answers one after the other, as they are asked for, by a process that keeps the model in memory."""

from __future__ import annotations

import argparse
import contextlib
import io
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..events import EventLog, FailedEvent
from .click import Clicks
from .predicting import Kept

if TYPE_CHECKING:
    pass

HELP = "answer what is asked for on standard input, and keep the model in memory"
DESCRIPTION = (
    'Reads requests from standard input, a JSON object a line: {"output": FOLDER, "arguments": [MODEL, RASTER, ...]}, '
    "where the arguments are those of predict (or, with --requests click, of click) without --output. Each FOLDER gets "
    "the outputs and the events of its answer, and a file FOLDER/stop ends that in order. One model is kept, so that "
    "its next answer begins at once. It ends with its standard input."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument(
        "--requests", choices=tuple(ANSWERING), default="predict", help="the command that is asked for (predict)"
    )
    command.add_argument("--parent", metavar="PID", type=int, help="end with this process, too, whatever ends it")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Answer until nothing can be asked any more."""
    from ..processes import end_with_process

    if options.parent:
        end_with_process(options.parent)
    # A job's stop may interrupt it by this signal, which must not end the process where the job has just ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answering, answered = ANSWERING[options.requests](), 0
    _load(answering)
    for line in sys.stdin:
        if line.strip():
            answer(line, answering, options.requests)
            answered += 1
    return {"answered": answered}


def _load(answering: Answering) -> None:
    """Import what answers need before any is asked for: a stop would leave a library that is half imported."""
    from . import job, terminal  # noqa: F401

    answering.load()


class Answering(Protocol):
    """What answers the requests of a command, and keeps its model."""

    def load(self) -> None:
        """Import what answers need."""

    def answer(self, options: argparse.Namespace, events: EventLog) -> list[dict[str, Any]]:
        """Carry out a request; the outputs of `finished`."""


class Predictions:
    """Answers by `predict`."""

    def __init__(self) -> None:
        self._kept = Kept()

    def load(self) -> None:
        """As `Answering`."""
        from ..inference import many, region  # noqa: F401
        from ..inference.backends import base, choice  # noqa: F401
        from ..packages import load_card  # noqa: F401

    def answer(self, options: argparse.Namespace, events: EventLog) -> list[dict[str, Any]]:
        """As `Answering`."""
        from ..errors import ConfigError
        from .predict import predicted

        if options.workers or options.scheduler:
            raise ConfigError("What is asked for here is predicted here.", "Leave --workers and --scheduler out.")
        return predicted(options, events, [], make=self._kept)


ANSWERING: dict[str, Callable[[], Answering]] = {"predict": Predictions, "click": Clicks}


class Request(NamedTuple):
    """What is asked for.

    Attributes:
        output: the job's folder.
        arguments: of the command, without `--output`.
    """

    output: Path
    arguments: list[str]


def answer(line: str, answering: Answering, command: str) -> None:
    """Carry out a request; whatever is wrong with it is told in its folder, or on the error stream."""
    from ..errors import ConfigError, GeoDistilError

    try:
        request = read_request(line)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return
    try:
        _carry_out(request, answering, command)
    except _Told:
        pass
    except GeoDistilError as error:
        with contextlib.suppress(GeoDistilError):
            EventLog(request.output).failed(error)
    except Exception as error:  # the last line of defence: this process has others to answer
        print(traceback.format_exc(), file=sys.stderr, flush=True)
        sentence = f"Unexpected error in {command}: {type(error).__name__}: {error}."
        with contextlib.suppress(GeoDistilError):
            EventLog(request.output).write(FailedEvent("unexpected", sentence, "Please report this."))


def read_request(line: str) -> Request:
    """The request of a line.

    Raises:
        ConfigError: it is none.
    """
    from ..errors import ConfigError
    from ..files import parse_json

    try:
        values = parse_json(line)
        output, arguments = values["output"], values["arguments"]
        if not (isinstance(output, str) and output and all(isinstance(each, str) for each in arguments)):
            raise ValueError(line)
    except (ValueError, KeyError, TypeError) as error:
        said = line.strip()[:100]
        raise ConfigError(f"'{said}' is no request.", 'Write {"output": FOLDER, "arguments": [...]}.') from error
    return Request(Path(output), list(arguments))


class _Told(Exception):
    """What went wrong is among the job's events already."""


def _carry_out(request: Request, answering: Answering, command: str) -> None:
    from ..errors import GeoDistilError
    from .job import carry_out, permit_named

    options = _options(request, command)
    permit_named(options)
    try:
        carry_out(options.output, lambda events: answering.answer(options, events), lambda event: None)
    except GeoDistilError as error:
        raise _Told from error


def _options(request: Request, command: str) -> argparse.Namespace:
    """The options of a command that a request's arguments say.

    Raises:
        ConfigError: they are wrong.
    """
    from ..errors import ConfigError
    from .job import add_argument

    parser = argparse.ArgumentParser(prog=command, add_help=False)
    import_module(f".{command}", __package__).add_arguments(parser)
    add_argument(parser)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parser.parse_args([*request.arguments, "--output", str(request.output)])
    except SystemExit as error:
        reason = said.getvalue().strip().splitlines()[-1].partition("error: ")[2]
        raise ConfigError(f"The request cannot be understood: {reason}.") from error


def text(result: dict[str, Any]) -> str:
    """For people."""
    return f"{result['answered']} requests answered"
