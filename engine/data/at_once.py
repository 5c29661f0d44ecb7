"""Work on many sources by several threads: opening files is waiting, and GDAL and GEOS let others work meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_FEW = 8
"""So few are not worth starting threads."""
_THREADS = 8


def of_each(work: Callable[..., T], *arguments: Sequence[Any]) -> list[T]:
    """What work makes of each tuple of arguments, in their order.

    Raises:
        Exception: the first in that order that any of them raises.
    """
    if len(arguments[0]) <= _FEW:
        return [work(*each) for each in zip(*arguments, strict=True)]
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            return list(threads.map(work, *arguments))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
