"""Tiles: the unit in which benchmarks are published, split and labelled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_EVERY = 5
"""Every fifth tile is for validation."""


@dataclass(frozen=True)
class Tile:
    """One image and its masks.

    Args:
        name: as in the benchmark's own lists.
        image: the image file.
        bands: bands to read, counted from 1.
        truth: the colour mask, or none where it is not there.
        eroded: the colour mask whose object borders are black, or none.
    """

    name: str
    image: Path
    bands: tuple[int, ...]
    truth: Path | None = None
    eroded: Path | None = None


def natural(name: str) -> tuple[int, ...]:
    """Sort key by the numbers in a name: 7_9 comes before 7_10."""
    return tuple(int(number) for number in re.findall(r"\d+", name))


def alternating(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Two halves of the names in natural order: the first, third, ... and the second, fourth, ..."""
    ordered = sorted(names, key=natural)
    return ordered[::2], ordered[1::2]


def splits(names: Sequence[str]) -> dict[str, Literal["auto", "train", "validation"]]:
    """Every fifth tile validates and the others train; with fewer than five, each is divided into blocks."""
    ordered = sorted(names, key=natural)
    if len(ordered) < _EVERY:
        return dict.fromkeys(ordered, "auto")
    return {name: "validation" if index % _EVERY == _EVERY - 1 else "train" for index, name in enumerate(ordered)}


def spread(names: Sequence[str], share: float) -> list[str]:
    """A share of the names, at least one, evenly spaced in natural order."""
    ordered = sorted(names, key=natural)
    count = max(1, round(share * len(ordered)))
    return [ordered[index * len(ordered) // count] for index in range(count)]
