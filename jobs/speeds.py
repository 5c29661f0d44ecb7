"""How fast models predict on this machine, as far as they have."""

from __future__ import annotations

from pathlib import Path

from .stored import store, stored_by_path

SPEEDS = "geodistil/speeds"
"""Megapixels a second by package, the last measured last."""

MOST = 100


def note_speed(package: Path, megapixels_per_second: float) -> None:
    """Remember how fast a model was."""
    known = {path: value for path, value in speeds().items() if path != package}
    known[package] = round(megapixels_per_second, 3)
    newest = list(known.items())[-MOST:]
    store(SPEEDS, {str(path): value for path, value in newest})


def speeds() -> dict[Path, float]:
    """Megapixels of its own pixels a second by package: of the last view that it predicted."""
    return {
        Path(path): float(value) for path, value in stored_by_path(SPEEDS).items() if isinstance(value, (int, float))
    }
