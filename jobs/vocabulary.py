"""The names that run files and events use, as people say them in their language."""

from __future__ import annotations

from typing import Any

from .translation import tr

SPOKEN = {
    "detection": tr("detection"),
    "segmentation": tr("segmentation"),
    "regression": tr("regression"),
    "unlabelled": tr("unlabelled"),
    "network": tr("network"),
    "student": tr("student"),
    "teacher": tr("teacher"),
    "detection_teacher": tr("detection teacher"),
    "segmentation_teacher": tr("segmentation teacher"),
    "first_teacher": tr("first teacher"),
    "second_teacher": tr("second teacher"),
    "teachers": tr("teachers"),
    "teachers and student": tr("teachers and student"),
    "training": tr("training"),
    "pretraining": tr("pretraining"),
    "packaging": tr("packaging"),
    "sum": tr("sum"),
    "total": tr("total"),
    "step": tr("step"),
    "background": tr("background"),
    "true positive": tr("true positive"),
    "false positive": tr("false positive"),
    "missed": tr("missed"),
    "right": tr("right"),
    "another class": tr("another class"),
}
"""Tasks, roles, networks and stages; the others, as of losses, are the papers' own words."""


def spoken(name: Any) -> str:
    """A name in words, for example `detection teacher` for `detection_teacher`."""
    return SPOKEN.get(str(name), str(name).replace("_", " "))


def headed(text: str) -> str:
    """A text as the beginning of a line or a heading: only its first letter changes."""
    return text[:1].upper() + text[1:]
