"""Waiting for something to happen, and not for ever."""

import time

from qgis.PyQt.QtWidgets import QApplication


def wait_until(condition, seconds=10, turn=lambda: None):
    """Wait until a condition holds; `turn` is called meanwhile."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        turn()
        time.sleep(0.005)


def let_qgis_work_until(condition, seconds=60):
    """The same, with QGIS's event loop going on."""
    wait_until(condition, seconds, QApplication.processEvents)
