"""Disks that do not answer, and who waits for them."""

import os
import sys
import threading
import time
from contextlib import contextmanager

WATCHED = {"folder": None, "seen": []}
EVENTS = ("open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.rmdir")


def _note(event, arguments):
    """Called by Python for what its audit knows, on any thread."""
    if event in EVENTS and threading.current_thread() is threading.main_thread() and _inside(arguments[0]):
        WATCHED["seen"].append((event, str(arguments[0])))


def _profile(frame, event, called):
    """Called by Python with each call of the main thread: the audit does not know of `stat`."""
    if event == "c_call" and called in (os.stat, os.lstat):
        WATCHED["seen"] += [("stat", str(value)) for value in list(frame.f_locals.values()) if _inside(value)]


def _inside(value):
    folder = WATCHED["folder"]
    return folder is not None and isinstance(value, (str, os.PathLike)) and str(value).startswith(str(folder))


sys.addaudithook(_note)  # Python has no way to take it away again


@contextmanager
def main_thread_s_touches(folder):
    """What the main thread asks for, opens, lists, makes and removes in a folder; a list that grows."""
    WATCHED.update(folder=folder, seen=[])
    sys.setprofile(_profile)
    try:
        yield WATCHED["seen"]
    finally:
        sys.setprofile(None)
        WATCHED["folder"] = None


@contextmanager
def not_answering(path, patience=4.0):
    """Whoever opens a file waits, as on a dead network drive; in the end, or when patience is, it answers as ever."""
    content, lock = path.read_bytes(), threading.Lock()
    path.unlink()
    os.mkfifo(path)

    def answer():
        with lock:
            if path.is_fifo():
                pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
                path.unlink()
                path.write_bytes(content)
                os.write(pipe, content)
                time.sleep(0.1)  # for whoever waits to notice
                os.close(pipe)

    timer = threading.Timer(patience, answer)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        answer()
