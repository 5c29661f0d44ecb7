"""What types cannot say by themselves; `engine.types` has the like for the engine."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def given(value: T | None) -> T:
    """What may be none elsewhere, but not here: the layer that a button which can be pressed is for.

    Raises:
        TypeError: it is none, which is a mistake in the program.
    """
    if value is None:
        raise TypeError("Something is missing that must be there by now.")
    return value
