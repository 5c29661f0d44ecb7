"""The training wizard and the labelling dock, whose modules are loaded without holding QGIS's window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Callable

from qgis.PyQt.QtCore import QTimer

PACKAGE = __package__.rpartition(".")[0]
MODULES = (
    "jobs.sources.problems",
    "jobs.sources.run_file",
    "jobs.servers.following",
    "jobs.sources.preparation",
    "ui.wizard.sources_page",
    "ui.wizard.classes_page",
    "ui.wizard.recipe_page",
    "ui.wizard.check_page",
    "ui.wizard.run_page",
    "ui.wizard.wizard",
)
"""In an order in which each brings little that is new: compiling all of them at once takes a quarter of a second."""


def open_training(iface: Any, template: Path | None = None, show_runs: Callable[[], None] | None = None) -> None:
    """Show the wizard, at once or, where it was not opened before, after a few turns of the event loop.

    Args:
        iface: QGIS's interface.
        template: a run folder to begin from.
        show_runs: shows the runs dock, once a training has started or waits.
    """
    _next(
        [name for name in MODULES if f"{PACKAGE}.{name}" not in sys.modules], partial(_open, iface, template, show_runs)
    )


LABELLING = (
    "jobs.labelling.session",
    "ui.labelling.setup",
    "ui.labelling.shortcuts",
    "jobs.labelling.desk",
    "jobs.labelling.predicting",
    "ui.labelling.reviewer",
    "jobs.servers.following",
    "jobs.sources.preparation",
    "jobs.runs.tracker",
    "jobs.labelling.learning",
    "ui.labelling.learner",
    "ui.labelling.dock",
)
"""The labelling dock's modules, likewise."""


def load_labelling(then: Callable[[], None]) -> None:
    """Load the labelling dock's modules in turns of the event loop, then go on."""
    _next([name for name in LABELLING if f"{PACKAGE}.{name}" not in sys.modules], then)


VIEW = ("jobs.view.warm_engine", "jobs.view.layers", "ui.view.predictor", "ui.view.tools")
"""Those of Predict this view."""

MODELS = ("jobs.models.shelf", "jobs.models.facts", "ui.models.window")
"""Those of the models window."""


def load_view(then: Callable[[], None]) -> None:
    """Load the modules of Predict this view in turns of the event loop, then go on."""
    _next([name for name in VIEW if f"{PACKAGE}.{name}" not in sys.modules], then)


def load_models(then: Callable[[], None]) -> None:
    """Load the models window's modules in turns of the event loop, then go on."""
    _next([name for name in MODELS if f"{PACKAGE}.{name}" not in sys.modules], then)


def _next(names: Sequence[str], then: Callable[[], None]) -> None:
    if not names:
        then()
        return
    import_module(f"{PACKAGE}.{names[0]}")
    QTimer.singleShot(0, partial(_next, names[1:], then))


def _open(iface: Any, template: Path | None, show_runs: Callable[[], None] | None) -> None:
    from .wizard.wizard import open_wizard

    open_wizard(iface, template, show_runs)
