"""Work done in threads ahead of the one who needs it, in order and with bounded queues."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, depth: int, name: str
) -> Generator[Result, None, None]:
    """Results in the items' order, at most `depth` of them ahead of the consumer.

    Args:
        work: what is done with each item, in a thread.
        items: drawn by the consumer's thread.
        threads: how many.
        depth: the most items that are worked on or wait while the consumer has a result.
        name: of the threads.

    Raises:
        Exception: whatever `work` raised, at its place in the order.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class Worker:
    """One thread that does what it is given, in order; who gives it too much waits.

    Args:
        depth: the most tasks that wait.
        name: of the thread.
    """

    def __init__(self, depth: int, name: str) -> None:
        self.depth = depth
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: deque[Future[Any]] = deque()

    def give(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Have something done; errors of earlier work are raised here."""
        self._waiting.append(self._pool.submit(work, *arguments))
        while len(self._waiting) > self.depth:
            self._waiting.popleft().result()

    def wait(self) -> None:
        """Until all is done; errors are raised here."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """End the thread; what waits is not done."""
        self._pool.shutdown(cancel_futures=True)
