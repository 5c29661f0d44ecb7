"""What the page says, from states and events."""

from __future__ import annotations

from typing import Any

from ...jobs.environment.installing import Installation
from ...jobs.environment.place import sentence
from ...jobs.environment.status import State, Status
from ...jobs.progress import duration
from ...jobs.translation import local, tr


def headline(status: Status) -> str:
    """The state in one sentence."""
    return {
        State.MISSING: tr("GeoDistil needs its engine"),
        State.INSTALLING: tr("The engine is being set up"),
        State.BROKEN_OFF: tr("The engine is not complete"),
        State.OUTDATED: tr("The engine is ready, and there is an update"),
        State.READY: tr("The engine is ready"),
        State.OWN: tr("GeoDistil uses an environment of your own"),
        State.OWN_MISSING: tr("The Python that you chose is not there"),
    }[status.state]


def explanation(status: Status) -> str:
    """What the state means, and what the button does."""
    text = _meaning(status)
    if status.writable:
        return text
    return text + "\n" + tr("Its folder may only be read: whoever has set it up can change it, and nobody else.")


def _meaning(status: Status) -> str:
    if status.state in (State.READY, State.OUTDATED):
        text = tr("Python {version}, torch: {build}. {device}").format(
            version=status.note.get("version"), build=build_words(status.note.get("build", "")), device=device(status)
        )
        text += encoders(status)
        if status.state is State.OUTDATED:
            text += " " + tr("GeoDistil was tested with newer packages; only what changed is downloaded.")
        return text
    return {
        State.MISSING: tr(
            "Training and prediction run outside QGIS, in a Python environment of their own with PyTorch. "
            "GeoDistil downloads it once: up to 3.5 GB, and up to 7 GB on the disk while it is unpacked. "
            "Nothing in QGIS or in your system changes, and everything can be removed again here."
        ),
        State.INSTALLING: tr("You can close this window and go on working; it also goes on when QGIS is closed."),
        State.BROKEN_OFF: tr("A set-up broke off. What was downloaded is kept, and the rest follows from there."),
        State.OWN: tr("{python}\nSet up makes one by GeoDistil itself, which is then used instead."),
        State.OWN_MISSING: tr("{python}\nChoose another one below, or let GeoDistil set one up."),
    }[status.state].format(python=status.python)


def device(status: Status) -> str:
    """What the engine's doctor found to compute on."""
    found = status.note.get("found") or {}
    if found.get("cuda"):
        return tr("Graphics card: {names}.").format(names=", ".join(found["cuda"]))
    if found.get("mps"):
        return tr("Graphics: Apple.")
    return tr("No graphics card is used: the processor does the work.")


def encoders(status: Status) -> str:
    """The encoders whose pretrained weights the engine's doctor found, as a paragraph; empty where it found none."""
    found = [each for each in (status.note.get("found") or {}).get("encoders", []) if each["at_hand"]]
    named = [
        tr("{encoder} ({millions} M parameters, {licence}; {source})").format(
            encoder=each["name"].partition("-")[2] or each["name"],
            millions=local(each["parameters"] / 1e6, 1),
            licence=each["licence"],
            source=each["source"],
        )
        for each in found
    ]
    return "\n" + tr("Encoders with weights at hand: {encoders}.").format(encoders=", ".join(named)) if named else ""


def build_words(build: str) -> str:
    """A build of torch for people."""
    words = {
        "auto": tr("Automatic, from the graphics driver"),
        "default": tr("the registry's own"),
        "cpu": tr("processor only"),
    }
    return words.get(build) or tr("CUDA {major}.{minor}").format(major=build[2:4], minor=build[4:])


def tool_words(tool: str) -> str:
    """A tool for people."""
    return {
        "auto": tr("Automatic: uv, or pip where uv cannot be used"),
        "uv": tr("uv, which also brings a Python where none fits"),
        "pip": tr("venv and pip of the Python below, or of QGIS"),
    }[tool]


def button(status: Status) -> str:
    """What the main button does in a state."""
    return {
        State.BROKEN_OFF: tr("Go on"),
        State.OUTDATED: tr("Update"),
        State.READY: tr("Check again"),
    }.get(status.state, tr("Set up"))


def step(installation: Installation) -> str:
    """What is under way."""
    event = installation.progress
    if installation.stage == "packages" and event:
        return _package(event)
    return {
        "python": tr("Looking for tools and a Python…"),
        "packages": tr("Looking at what is there already…"),
        "check": tr("Trying the engine…"),
    }.get(installation.stage, tr("Starting…"))


def _package(event: dict[str, Any]) -> str:
    text = str(event.get("package"))
    if event.get("megabytes"):
        text += f" ({event['megabytes']:.0f} MB)" if event["megabytes"] >= 1 else ""
    text += ", " + tr("package {step} of {of}").format(step=event.get("step"), of=event.get("of"))
    if event.get("eta_seconds") is not None:
        text += ", " + tr("about {time} left").format(time=duration(event["eta_seconds"]))
    return text


def ending(installation: Installation) -> tuple[str, str]:
    """How it ended, as a level (`success`, `information`, `error`) and a sentence; both empty while it has not."""
    event = installation.ending
    kind = event.get("kind")
    if kind == "failed":
        return "error", sentence(event)
    if kind == "stopped":
        return "information", tr("Cancelled. What was downloaded is kept.")
    if kind == "finished":
        return "success", tr("Everything was tried and works.")
    return "", ""
