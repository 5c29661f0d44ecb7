"""What people are told: a sentence in the message bar, the same in the log, more behind a button."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any, Callable, NamedTuple

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtWidgets import QPushButton

TAG = "GeoDistil"


def tell(iface: Any, sentence: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info, details: str = "") -> None:
    """Say a sentence over the map.

    Args:
        iface: QGIS's interface.
        sentence: one sentence that names the thing and what to do.
        level: how serious it is.
        details: for a window of their own, behind the button "Show more"; empty gives no button.
    """
    if details:
        iface.messageBar().pushMessage(TAG, _plain(sentence), details, level)
    else:
        iface.messageBar().pushMessage(TAG, _plain(sentence), level)
    _log(f"{sentence}\n{details}".strip(), level)


class Button(NamedTuple):
    """A button of a message.

    Attributes:
        text: what it says.
        slot: called when it is pressed; the message goes then.
    """

    text: str
    slot: Callable[[], object]


def offer(
    iface: Any,
    sentence: str,
    button: Button,
    level: Qgis.MessageLevel = Qgis.MessageLevel.Info,
    seconds: int = 0,
) -> None:
    """Say a sentence with a button that does something about it.

    Args:
        iface: QGIS's interface.
        sentence: one sentence.
        button: does it.
        level: how serious it is.
        seconds: how long it stays; 0 until it is closed.
    """
    bar = iface.messageBar()
    item = bar.createMessage(TAG, _plain(sentence))
    item.setObjectName(sentence)
    action = QPushButton(button.text, item)
    # The slot may hold neither bar nor item: the collector would clear such a ring, and a click would end QGIS.
    action.clicked.connect(partial(_leave_for, iface, sentence, button.slot))
    item.layout().addWidget(action)
    bar.pushWidget(item, level, seconds)
    _log(sentence, level)


def _plain(sentence: str) -> str:
    """A sentence for the bar, which reads HTML: names of models, classes and files may be anything."""
    return escape(sentence, quote=False)


def _leave_for(iface: Any, sentence: str, slot: Callable[[], object], _checked: bool = False) -> None:
    _take_away(iface, sentence)
    slot()


def _take_away(iface: Any, sentence: str) -> None:
    bar = iface.messageBar()
    for item in [each for each in bar.items() if each.objectName() == sentence]:
        bar.popWidget(item)


def _log(text: str, level: Qgis.MessageLevel) -> None:
    QgsApplication.messageLog().logMessage(text, TAG, level)
