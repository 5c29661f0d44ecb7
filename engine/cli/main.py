"""The command line's entrance: arguments in, exit codes out; imports stay lazy so that `--help` is quick."""

from __future__ import annotations

import argparse
import atexit
import json
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from .. import __version__
from ..errors import UNEXPECTED, GeoDistilError, Stopped
from .job import READING, add_argument, memory_error, permit_named

COMMANDS = (
    "check",
    "train",
    "predict",
    "click",
    "serve",
    "inspect",
    "evaluate",
    "report",
    "review",
    "polygons",
    "lines",
    "boxes",
    "export",
    "export-chips",
    "import-labels",
    "zoo",
    "doctor",
)

PROMPT = ("check", "inspect", "evaluate", "report")
"""Commands without events, which a signal ends at once; the others look after their end themselves."""
INTERRUPTED = "Interrupted."

EPILOG = """\
exit codes: 0 done; 1 it failed, the reason is one sentence on the error stream, with a code that
docs/user-guide/errors.md explains; 2 the arguments are wrong.

examples:
  python -m engine check runs/town
  python -m engine train runs/town
  python -m engine predict runs/town/model orthophoto.tif --output predictions
  python -m engine evaluate predictions/classes.tif --task segmentation --truth roofs.gpkg \\
      --area test_area.gpkg --model runs/town/model
  python -m engine polygons predictions/classes.tif --model runs/town/model --output roofs.gpkg --class roof
"""


def parser() -> argparse.ArgumentParser:
    """All commands with their help."""
    top = argparse.ArgumentParser(
        prog="python -m engine",
        description="GeoDistil's engine: train one small network from unevenly labelled rasters, and map with it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"GeoDistil {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = _module(name)
        command = commands.add_parser(name, help=module.HELP, description=module.DESCRIPTION)
        command.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        module.add_arguments(command)
        if name in READING:
            add_argument(command)
    return top


def program() -> NoReturn:
    """The command line as a program, which ends when its work has.

    Taking PyTorch and the other libraries apart object by object, as Python does at its end, takes 1.6 s of a processor
    and gives the system nothing that it does not take itself; what is registered for the end is done.
    """
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    module = _module(options.command)
    try:
        if options.command in READING:
            permit_named(options)
        result = _run(options, module)
    except GeoDistilError as error:
        return _refuse(options, error)
    except KeyboardInterrupt:
        told = {"code": Stopped.code, "message": INTERRUPTED, "hint": "", "reference": Stopped.reference}
        return _fail(options, told, INTERRUPTED)
    except Exception as error:  # the last line of defence: a sentence for the person, the traceback for us
        if full := memory_error(error):
            return _refuse(options, full)
        return _fail(options, *_unexpected(options, error))
    print(json.dumps(result, indent=2, default=str) if options.json else module.text(result))
    return 1 if isinstance(result, dict) and result.get("failed") else 0


def _module(command: str) -> ModuleType:
    return import_module(f".{command.replace('-', '_')}", __package__)


def _run(options: argparse.Namespace, module: ModuleType) -> Any:
    if options.command not in PROMPT:
        return module.run(options)
    from ..processes import Interrupted
    from .terminal import orderly_stop

    try:
        with orderly_stop(None, last_words=lambda: print(f"error: {INTERRUPTED}", file=sys.stderr)):
            return module.run(options)
    except Interrupted:
        raise KeyboardInterrupt from None


def _unexpected(options: argparse.Namespace, error: Exception) -> tuple[dict[str, Any], str]:
    details = traceback.format_exc()
    sentence = f"Unexpected error in {options.command}: {type(error).__name__}: {error}."
    folder = getattr(options, "folder", None) or getattr(options, "output", None)
    if folder and Path(folder).is_dir():
        with (Path(folder) / "log.txt").open("a", encoding="utf-8") as log:
            log.write(details)
        _record_failure(Path(folder), sentence)
        sentence += f" Details are in {Path(folder) / 'log.txt'}."
    else:
        print(details, file=sys.stderr)
    return {"code": "unexpected", "message": sentence, "hint": "", "reference": UNEXPECTED}, sentence


def _record_failure(folder: Path, sentence: str) -> None:
    from ..events import EventLog, FailedEvent

    EventLog(folder).write(FailedEvent("unexpected", sentence, "Please report this with log.txt."))


def _refuse(options: argparse.Namespace, error: GeoDistilError) -> int:
    told = {"code": error.code, "message": error.message, "hint": error.hint, "reference": error.reference}
    return _fail(options, {**told, "remedy": error.remedy}, str(error))


def _fail(options: argparse.Namespace, error: dict[str, Any], sentence: str) -> int:
    if options.json:
        print(json.dumps({"error": error}, indent=2))
    print(f"error: {sentence} [{error['reference']}]", file=sys.stderr)
    return 1
