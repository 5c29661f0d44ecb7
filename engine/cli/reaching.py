"""What a command's files may reach: what lies beside them, what the command names, and on request anything."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

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
