"""A run's state in sentences."""

from __future__ import annotations

from ..progress import duration, headed, spoken
from ..servers.note import Stage
from ..translation import local, local_time, tr
from .history import MAIN, WORDS, number
from .state import RunState, Status


def title(state: RunState, place: int, now: float) -> str:
    """The state with the time left, for example `Running, 12 min left`."""
    left = time_left(state, now)
    return status_text(state, place) + (tr(", {left} left").format(left=left) if left else "")


def status_text(state: RunState, place: int = 0) -> str:
    """The state in a word or two; `place` is the one on the waiting list, counted from 1."""
    return (
        tr("Waiting ({place})").format(place=place) if state.status is Status.WAITING and place else state.status.value
    )


def time_left(state: RunState, now: float) -> str:
    """The time left, empty where there is no estimate."""
    seconds = state.seconds_left(now)
    return "" if seconds is None else duration(seconds)


def device_text(state: RunState) -> str:
    """The device the run works or worked on, the machine and its speed; what it asks for before it started."""
    started, speed = state.history.started, state.history.progress.get("samples_per_second")
    if not started and state.server is not None:
        return tr("{device} on {host}").format(device=state.asked_device, host=state.server.name)
    if not started:
        return state.asked_device
    device = state.working.started.get("device") or started.get("device")
    host = started.get("host") if state.server is None else state.server.name
    text = tr("{device} on {host}").format(device=device, host=host)
    if state.working is state.prediction:
        return text
    return tr("{text}, {speed:.0f} chips a second").format(text=text, speed=speed) if speed and state.busy else text


def stage_text(state: RunState) -> str:
    """Stage and step, for example `student (3 of 3), step 120 of 260`; empty where all are done."""
    history = state.history
    if state.status is Status.FINISHED:
        return ""
    if state.working is state.prediction:
        return tr("Prediction after the training (rasters: {number})").format(number=state.rasters)
    if not history.stages:
        return tr("Reading the data") if state.status is Status.RUNNING else ""
    stage = history.stages[-1]
    text = spoken(stage.name)
    if history.stage_count > 1:
        text += tr(" ({index} of {stage_count})").format(index=stage.index + 1, stage_count=history.stage_count)
    return tr("{text}, step {step} of {of}").format(text=text, step=stage.step, of=stage.of) if stage.of else text


def message(state: RunState) -> str:
    """What a person needs to know beside the state: why it ended, what to do, how good it is."""
    writer = {
        Status.NEW: lambda _: tr("Start it here, or copy its folder to another machine."),
        Status.WAITING: lambda _: tr("It starts as soon as its device is free."),
        Status.COPYING: _copying,
        Status.STARTING: _starting,
        Status.RUNNING: _running,
        Status.PREDICTING: lambda state: tr("The model is trained: {scores}").format(scores=_scores(state)),
        Status.STOPPING: _stopping,
        Status.STOPPED: _stopped,
        Status.KILLED: _killed,
        Status.FAILED: _failed,
        Status.FINISHED: _finished,
    }[state.status]
    trouble = state.server.trouble if state.server is not None and state.busy else ""
    return f"{trouble} {writer(state)}".strip()


def warning(state: RunState) -> str:
    """The last warning, and how much of the log is damaged."""
    history = state.history
    damage = tr("Damaged lines in its log, left out: {count}.").format(count=local(history.damaged, 0))
    return f"{history.warning} {damage}".strip() if history.damaged else history.warning


def _copying(state: RunState) -> str:
    name = state.server.name if state.server is not None else ""
    if state.sends:
        return tr("What {server} has not got yet is copied there.").format(server=name)
    return tr("The model and its report are copied back from {server}.").format(server=name)


def _starting(state: RunState) -> str:
    if state.server is not None and state.server.waits:
        return tr("It waits in the queue of {server} (job {job}).").format(
            server=state.server.name, job=state.server.job
        )
    return tr("The engine is loading.")


def _running(state: RunState) -> str:
    progress = state.history.progress
    done = "part" in progress or (bool(progress) and state.fraction >= 1)
    return tr("The model and its report are being written.") if done else ""


def _killed(state: RunState) -> str:
    return tr("Its process ended without a word: killed, out of memory, or the machine went off. {resume}").format(
        resume=_resume(state)
    )


def _failed(state: RunState) -> str:
    if state.server is not None and state.server.stage is Stage.FAILED:
        return state.server.trouble
    ending, launch = state.history.ending, state.launch
    if launch is not None and launch.time > state.history.time:
        return launch.last_line or tr("The engine ended before it began; its log says more.")
    return f"{ending.get('message') or tr('It failed without saying why.')} {ending.get('hint') or ''}".strip()


def _stopped(state: RunState) -> str:
    if state.server is not None and state.server.stage is Stage.CANCELLED:
        return state.server.trouble
    return tr("It was asked to stop. {resume}").format(resume=_resume(state))


def _stopping(state: RunState) -> str:
    if state.trained:
        return tr("It ends after the windows it has begun; what is predicted is kept.")
    return tr("It ends after writing a checkpoint.")


def _finished(state: RunState) -> str:
    told, ending = _scores(state), state.prediction.ending
    if state.predicted:
        return told
    if state.launch is not None and state.launch.last_line and state.launch.time > state.prediction.time:
        return told + ". " + tr("Its prediction failed: {message}").format(message=state.launch.last_line)
    if ending.get("kind") == "failed" and ending.get("code") != "stopped":
        return told + ". " + tr("Its prediction failed: {message}").format(message=ending.get("message", ""))
    if not state.prediction.started:
        return told + ". " + tr("Nothing is predicted yet.")
    return told + ". " + tr("Its prediction broke off, and can go on from there.")


def _scores(state: RunState) -> str:
    outputs = state.history.ending.get("outputs")
    metrics = outputs.get("metrics") if isinstance(outputs, dict) else {}
    metrics = metrics if isinstance(metrics, dict) else {}
    known = [name for name in MAIN if isinstance(metrics.get(name), (int, float))]
    text = ", ".join(f"{score_name(name)} {number(metrics[name])}" for name in known)
    when = local_time(state.history.time)
    return f"{headed(text)} ({when})" if text else when


def score_name(name: str) -> str:
    """One of `MAIN` in words, for example `detection AP50`."""
    task, _, metric = name.partition("/")
    return f"{spoken(task)} {WORDS[metric]}"


def _resume(state: RunState) -> str:
    checkpoint = state.history.checkpoint
    if not checkpoint:
        return tr("There is no checkpoint yet; it will begin anew.")
    return tr("It can go on from step {step} of {stage}.").format(
        step=checkpoint.get("step"), stage=spoken(checkpoint.get("stage"))
    )
