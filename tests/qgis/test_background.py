"""Work in the background has one of two endings, whatever happens in it."""

import time

import pytest
from geodistil.jobs.background import Background, start
from geodistil.jobs.errors import STOPPED, CancelledError, GeoDistilError
from qgis.PyQt.QtWidgets import QApplication


@pytest.fixture
def outcome(qgis_app):
    """Carries work out; returns how it ended."""

    def of(work, cancel=False):
        told, begun = [], []

        def watched(cancelled):
            begun.append(True)
            return work(cancelled)

        done, failed = (lambda value, kind=kind: told.append((kind, value)) for kind in ("done", "failed"))
        task, deadline = start(Background("Counting", watched, done, failed)), time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            if cancel and begun:
                task.cancel()
            QApplication.processEvents()
            time.sleep(0.005)
        QApplication.processEvents()
        [(kind, value)] = told
        return kind, value

    return of


def test_a_result_is_told(outcome):
    assert outcome(lambda cancelled: 7) == ("done", 7)


def test_an_error_of_ours_is_told_as_it_is(outcome):
    error = GeoDistilError("raster", "The raster has no CRS.")

    def work(_cancelled):
        raise error

    assert outcome(work) == ("failed", error)


@pytest.mark.parametrize("fault", [KeyError("tasks"), ZeroDivisionError("division by zero"), AttributeError("'x'")])
def test_a_fault_is_an_error_with_its_traceback(outcome, fault):
    def work(_cancelled):
        raise fault

    kind, error = outcome(work)
    assert kind == "failed" and str(error).startswith("Counting failed: ") and str(fault) in str(error)
    assert f"raise fault\n{type(fault).__name__}" in error.details


def test_the_system_s_words_are_a_sentence(outcome, tmp_path):
    kind, error = outcome(lambda _: (tmp_path / "none").read_text())
    assert kind == "failed" and f"{tmp_path}/none cannot be read or written: No such file" in str(error)


def test_a_cancel_is_an_outcome(outcome):
    def work(cancelled):
        while not cancelled():
            time.sleep(0.01)
        raise CancelledError

    kind, error = outcome(work, cancel=True)
    assert (kind, error.code, str(error)) == ("failed", STOPPED, "Counting: cancelled.")


def test_a_cancel_that_came_too_late_does_not_hide_the_result(outcome):
    def work(cancelled):
        while not cancelled():
            time.sleep(0.01)
        return "written"

    assert outcome(work, cancel=True) == ("done", "written")


@pytest.mark.parametrize("cancel", [False, True])
def test_work_that_begins_when_other_work_ends_has_its_own_ending(qgis_app, cancel):
    """QGIS 3.22 loses tasks that are given to it while it is told how another one ended."""
    told, deadline = [], time.monotonic() + 20

    def then(_):
        task = start(Background("Second", lambda _: 2, told.append, lambda error: told.append(error.code)))
        if cancel:
            task.cancel()

    for _ in range(30):
        start(Background("First", lambda _: 1, then, told.append))
    while len(told) < 30 and time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.002)
    assert told == 30 * [STOPPED if cancel else 2]
