"""What a person sees of the events, in the words that people have for stages, metrics and scores."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Callable, Protocol

from .translation import local, local_brief, tr

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


def flat(scores: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested scores, each with its path: `per_class/roof/iou`."""
    for key, value in scores.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{prefix}{key}", value


def without_truth(scores: dict[str, Any]) -> str:
    """A sentence on the classes that no label of the compared ground shows; empty where there is none."""
    classes = scores.get("classes", {}).items()
    names = [name for name, one in classes if one.get("pixels", one.get("objects")) == 0]
    if not names:
        return ""
    return tr("No label of {names} lies on the ground that counts, so it has no score and is in no mean.").format(
        names=", ".join(names)
    )


def html_table(title: str, scores: dict[str, Any]) -> str:
    """A page with one row a number, and a sentence on classes without any."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right'>{local_brief(value, 4)}</td></tr>"
        for name, value in flat(scores)
    )
    note = f"<p>{escape(sentence)}</p>" if (sentence := without_truth(scores)) else ""
    return f"<html><meta charset='utf-8'><body><h3>{escape(title)}</h3><table>{rows}</table>{note}</body></html>\n"


class Feedback(Protocol):
    """The part of `QgsProcessingFeedback` that the bridge uses."""

    def isCanceled(self) -> bool:  # noqa: D102
        ...

    def setProgress(self, percent: float) -> None:  # noqa: D102
        ...

    def setProgressText(self, text: str) -> None:  # noqa: D102
        ...

    def pushInfo(self, info: str) -> None:  # noqa: D102
        ...

    def pushWarning(self, warning: str) -> None:  # noqa: D102
        ...


class TaskFeedback:
    """The same for a task: what is told goes to one function. Method names are Processing's.

    Args:
        cancelled: whether it is to end.
        told: called with percent and what is being done, on the task's thread.
    """

    def __init__(self, cancelled: Callable[[], bool], told: Callable[[float, str], None]) -> None:
        self.isCanceled, self._told = cancelled, told
        self._percent, self._text, self._doing = 0.0, "", ""
        self._start, self._end = 0.0, 100.0

    def part(self, start: float, end: float, doing: str = "") -> None:
        """What follows goes from `start` to `end` percent of all, and is called so."""
        self._start, self._end, self._doing = start, end, doing
        self.setProgressText("")
        self.setProgress(0)

    def setProgress(self, percent: float) -> None:  # noqa: D102
        self._percent = self._start + (self._end - self._start) * percent / 100
        self._told(self._percent, self._text)

    def setProgressText(self, text: str) -> None:  # noqa: D102
        self._text = ": ".join(filter(None, (self._doing, text)))
        self._told(self._percent, self._text)

    def pushInfo(self, info: str) -> None:
        """Nobody reads it."""

    pushWarning = pushInfo


def report(event: dict[str, Any], feedback: Feedback) -> None:
    """Pass one event on; kinds that are not for a person's eyes are left out."""
    writer = WRITERS.get(event.get("kind", ""))
    if writer is not None:
        writer(event, feedback)


def duration(seconds: float) -> str:
    """Seconds in words, coarse: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return tr("{minutes:.0f} min").format(minutes=seconds / 60) if seconds < 5400 else f"{local(seconds / 3600, 1)} h"


def _started(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushInfo(
        tr("The engine works on {device} (process {pid}).").format(
            device=event.get("device") or tr("the processor"), pid=event.get("pid")
        )
    )


def _stage(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushInfo(
        tr("Stage {index} of {of}: {name}").format(
            index=event.get("index", 0) + 1, of=event.get("of"), name=spoken(event.get("name"))
        )
    )


def _progress(event: dict[str, Any], feedback: Feedback) -> None:
    if event.get("fraction") is not None:
        feedback.setProgress(100 * event["fraction"])
    text = tr("{stage} {step} of {of}").format(
        stage=spoken(event.get("stage") or "step"), step=event.get("step"), of=event.get("of")
    )
    if event.get("eta_seconds") is not None:
        text += tr(", about {duration} left").format(duration=duration(event["eta_seconds"]))
    feedback.setProgressText(text)


def _metrics(event: dict[str, Any], feedback: Feedback) -> None:
    values = event.get("values") or {}
    # Deeper names are of one class each, too many for the log.
    shown = [f"{name} {local(value, 3)}" for name, value in values.items() if value is not None and name.count("/") < 2]
    feedback.pushInfo(
        tr("{network} after {step} steps: {names}").format(
            network=spoken(event.get("network")), step=event.get("step"), names=", ".join(shown)
        )
    )


def _note(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushInfo(str(event.get("message")))


def _warning(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushWarning(str(event.get("message")))


WRITERS = {
    "started": _started,
    "stage": _stage,
    "progress": _progress,
    "metrics": _metrics,
    "note": _note,
    "warning": _warning,
}
