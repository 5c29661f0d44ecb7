"""A person brings an ONNX file of another program: the engine looks at it, the form asks what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWidget

from ..jobs.background import Background, start
from ..jobs.errors import GeoDistilError
from ..jobs.foreign import adopt, inspect
from ..jobs.translation import tr
from .onnx_form import OnnxForm


class Then(NamedTuple):
    """What follows an enquiry.

    Attributes:
        done: called when the model can predict.
        failed: called with the engine's sentence where the file is of no use, whatever is said about it.
        asked: called when the form opens.
    """

    done: Callable[[], None]
    failed: Callable[[GeoDistilError], None]
    asked: Callable[[], None] = lambda: None


def enquire(model: Path, parent: QWidget, then: Then, always: bool = False) -> Background:
    """See that a model can predict; QGIS goes on meanwhile.

    Args:
        model: the ONNX file.
        parent: of the form.
        then: what follows.
        always: show the form also where nothing is missing, so that something can be changed.
    """

    def show(answer: tuple[dict[str, Any], str]) -> None:
        found, problem = answer
        if found["ready"] and not problem and not always:
            then.done()
            return
        then.asked()
        if sip.isdeleted(parent):
            return
        form = OnnxForm(model, found, problem, parent)
        form.accepted.connect(then.done)
        form.open()

    title = tr("Look at {name}").format(name=model.name)
    return start(Background(title, lambda _: _looked(model, always), show, then.failed, can_cancel=False))


def _looked(model: Path, always: bool) -> tuple[dict[str, Any], str]:
    """What is known, and what the engine says when it tries a model that says enough."""
    found = inspect(model)
    if found["ready"] and not always:
        try:
            adopt(model)
        except GeoDistilError as error:
            return found, str(error)
    return found, ""
