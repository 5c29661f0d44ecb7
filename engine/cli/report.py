"""`report`: a run folder's report anew, beside other runs where they are given."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = "write a run folder's report anew"
DESCRIPTION = (
    "Writes RUN/report.html from what training left in RUN. With --compare the report says what the run gained over "
    "others, for example over one without distillation or without unlabelled imagery."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("folder", metavar="RUN", type=Path, help="a run folder")
    command.add_argument(
        "--compare", metavar="RUN", type=Path, nargs="+", default=[], help="run folders to compare with"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the report."""
    from ..report import write_report

    return {"report": str(write_report(options.folder, options.compare))}


def text(result: dict[str, Any]) -> str:
    """Where it is, for people."""
    return f"report: {result['report']}"
