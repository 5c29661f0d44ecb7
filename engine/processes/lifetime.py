"""How processes end: children with their parent, and work that was asked to stop and does not look.

A thread in the child waits for the parent's end. Linux's own signal (`PR_SET_PDEATHSIG`) comes when the *thread* ends
that has started the child, and Windows' job objects take grandchildren along that are meant to stay; a thread needs
neither, and works on every system and with every way of starting a process. The signal serves where the starting
thread is the main one for certain: in a forkserver.

Work that can end in order looks for the stop itself, between two steps of its own. What does not within a second, such
as a conversion inside a library, gets an exception in the midst of it; and where a library answers nothing at all, the
process ends. Outputs appear whole or not at all, so that neither leaves half of one.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait

import psutil

from ..types import given

MAKER_LOOK_SECONDS = 0.5
PR_SET_PDEATHSIG = 1
"""prctl(2): the signal at the end of the thread that forked this process."""
FORKSERVER_GUARD = f"{__package__}.guarded"
"""To be preloaded first by a forkserver."""


def end_with_parent() -> None:
    """End this process with the one that made it by `multiprocessing`; to be called once, in the child.

    What the forkserver forks has the server for its parent, so that asking for the parent's id says nothing. The pipe
    through which the true parent has sent the work says it: nobody else holds its other end.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        _watch(lambda: wait([parent.sentinel]))


def end_with_process(pid: int) -> None:
    """End this process with the one that started it as a program.

    Args:
        pid: the starter's id, as it says itself: it may have ended before this one could ask.
    """
    _watch(lambda: _wait_for_parent(pid))


def end_with_maker(pid: int) -> None:
    """End this process with the one that has just forked it, and did so in its main thread.

    Args:
        pid: the maker's id.
    """
    if sys.platform != "linux":
        end_with_process(pid)
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the kernel does it, whatever this process is busy with
    if os.getppid() != pid:
        os._exit(1)


def _watch(wait_for_end: Callable[[], object]) -> None:
    def run() -> None:
        wait_for_end()
        os._exit(1)  # nobody is left to be told of anything, and a thread cannot end its process in order

    threading.Thread(target=run, name="parent", daemon=True).start()


def _wait_for_parent(pid: int) -> None:
    if sys.platform == "win32":
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait()
        return
    while os.getppid() == pid:  # orphans are given another parent
        time.sleep(MAKER_LOOK_SECONDS)


STOP_LOOK_SECONDS = 0.2
COOPERATION_SECONDS = 0.8
LAST_SECONDS = 2.2
"""After a stop was seen: until work is interrupted, and until the process ends."""


ASKING = (signal.SIGINT, signal.SIGTERM)
"""Signals that ask for an end."""


class Interrupted(BaseException):
    """Work was interrupted as asked; no `Exception`, for libraries take those for their own failures."""


_holds: list[bool] = []
"""What holds and lets go, from the outermost on; of the main thread, the only one that is interrupted."""


@contextmanager
def held() -> Iterator[None]:
    """Inside, nothing is interrupted: for what must not be torn apart, and looks for a stop itself."""
    _holds.append(True)
    try:
        yield
    finally:
        _holds.pop()


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, also where something around it holds, work may be interrupted."""
    _holds.append(False)
    try:
        yield
    finally:
        _holds.pop()


def is_held() -> bool:
    """Whether work may not be interrupted now."""
    return bool(_holds) and _holds[-1]


class Interrupter:
    """Interrupts the main thread's work when a stop is asked for; used as a context, in the main thread.

    Args:
        wanted: whether a stop is asked for.
        last_words: called before the process ends where the work cannot be interrupted.
    """

    def __init__(self, wanted: Callable[[], bool], last_words: Callable[[], None]) -> None:
        self._wanted, self._last_words = wanted, last_words
        self._ended, self._sent, self._signalled = threading.Event(), False, False

    def __enter__(self) -> Interrupter:
        # Python tells the main thread of a signal when a library lets it; what is written here comes at once
        self._signals, self._written = socket.socketpair()
        for each in (self._signals, self._written):
            each.setblocking(False)
        self._before = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="interrupter", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        signal.set_wakeup_fd(self._before)
        self._signals.close()
        self._written.close()

    def is_signal(self) -> bool:
        """For the handler of SIGINT: whether this was ours, and not a person's.

        Raises:
            Interrupted: it was, and nothing holds.
        """
        if not self._sent:
            return False
        self._sent = False
        if not is_held() and not self._ended.is_set():
            raise Interrupted
        return True

    def _watch(self) -> None:
        while not self._asked():
            if self._ended.wait(STOP_LOOK_SECONDS):
                return
        free = time.monotonic()  # since when nothing holds
        if self._ended.wait(COOPERATION_SECONDS):
            return
        while not self._ended.wait(STOP_LOOK_SECONDS):
            if is_held():
                free = time.monotonic() - COOPERATION_SECONDS
            elif time.monotonic() - free < LAST_SECONDS:
                self._interrupt()
            else:
                self._last_words()
                sys.stderr.flush()
                os._exit(1)

    def _asked(self) -> bool:
        """Whether a stop is wanted, or a signal has come that the main thread may not have been told of yet."""
        with suppress(BlockingIOError):
            self._signalled |= any(number in ASKING for number in self._signals.recv(4096))
        return self._signalled or self._wanted()

    def _interrupt(self) -> None:
        self._sent = True
        if sys.platform == "win32":
            import _thread

            _thread.interrupt_main(signal.SIGINT)
        else:  # which also ends a wait inside the system
            signal.pthread_kill(given(threading.main_thread().ident), signal.SIGINT)
