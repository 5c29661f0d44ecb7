"""What a person sees of the events: progress, stages, metrics, warnings."""

from __future__ import annotations

from typing import Any, Protocol


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


def report(event: dict[str, Any], feedback: Feedback) -> None:
    """Pass one event on; kinds that are not for a person's eyes are left out."""
    writer = WRITERS.get(event.get("kind", ""))
    if writer is not None:
        writer(event, feedback)


def duration(seconds: float) -> str:
    """Seconds in words, coarse: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _started(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushInfo(f"The engine works on {event.get('device', 'the processor')} (process {event.get('pid')}).")


def _stage(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushInfo(f"Stage {event.get('index', 0) + 1} of {event.get('of')}: {event.get('name')}")


def _progress(event: dict[str, Any], feedback: Feedback) -> None:
    if event.get("fraction") is not None:
        feedback.setProgress(100 * event["fraction"])
    text = f"{event.get('stage') or 'step'} {event.get('step')} of {event.get('of')}"
    if event.get("eta_seconds") is not None:
        text += f", about {duration(event['eta_seconds'])} left"
    feedback.setProgressText(text)


def _metrics(event: dict[str, Any], feedback: Feedback) -> None:
    values = event.get("values") or {}
    # Deeper names are of one class each, too many for the log.
    shown = [f"{name} {value:.3f}" for name, value in values.items() if value is not None and name.count("/") < 2]
    feedback.pushInfo(f"{event.get('network')} after {event.get('step')} steps: {', '.join(shown)}")


def _warning(event: dict[str, Any], feedback: Feedback) -> None:
    feedback.pushWarning(str(event.get("message")))


WRITERS = {"started": _started, "stage": _stage, "progress": _progress, "metrics": _metrics, "warning": _warning}
