"""Children end with their parent, whatever ends it: also a kill that lets it do nothing any more.

A thread in the child waits for the parent's end. Linux's own signal (`PR_SET_PDEATHSIG`) comes when the *thread* ends
that has started the child, and Windows' job objects take grandchildren along that are meant to stay; a thread needs
neither, and works on every system and with every way of starting a process. The signal serves where the starting
thread is the main one for certain: in a forkserver.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait

import psutil

LOOK_SECONDS = 0.5
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
        time.sleep(LOOK_SECONDS)
