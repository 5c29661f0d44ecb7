"""One of the maps of an archive, and what is to be done with each; here and for workers of a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..events import Log


class Item(NamedTuple):
    """One of the maps.

    Attributes:
        map: its path.
        output: the file that is made of it, if any.
    """

    map: Path
    output: Path | None = None

    @property
    def file(self) -> Path:
        """The output of a map that has one."""
        from ..types import given

        return given(self.output)


One = Callable[[argparse.Namespace, Item, "Log"], Any]
"""What is done with a map: a function of a module, by the command's options, that tells how far it is."""


class Errand(NamedTuple):
    """A command over several maps.

    Attributes:
        one: what is done with each.
        options: the command's.
        items: maps; workers see them under the same paths.
        output: a folder that is written into, if any; it is made.
        stage: what progress calls it.
    """

    one: One
    options: argparse.Namespace
    items: Sequence[Item]
    output: Path | None
    stage: str


class Failure(NamedTuple):
    """A map that cannot be used, and why.

    Attributes:
        map: its path.
        message: what is wrong with it.
        hint: what to do.
        elsewhere: whether it only lies where there is nothing to compare it with.
    """

    map: Path
    message: str
    hint: str
    elsewhere: bool

    def as_dict(self) -> dict[str, str]:
        """As commands print it."""
        return {"raster": str(self.map), "message": self.message, "hint": self.hint}


def attempted(one: One, options: argparse.Namespace, item: Item, events: Log) -> Any:
    """What is done with a map, or why it cannot be."""
    from ..data.labels import TruthElsewhere
    from ..errors import LabelError, RasterError

    try:
        return one(options, item, events)
    except (RasterError, LabelError) as error:
        return Failure(item.map, error.message, error.hint, isinstance(error, TruthElsewhere))
