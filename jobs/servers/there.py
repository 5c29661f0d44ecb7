"""What runs on the server: a script without any imports of ours, sent through the connection to the Python there.

`python -c "import sys; exec(sys.stdin.buffer.read(int(sys.argv[1])))" LENGTH`, then this text, then requests: a line of
JSON each, `bytes` of it what follows raw. Answers are alike, after the line `READY`. It ends with its input, so with
the connection; what it has started goes on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from typing import Any, BinaryIO

Request = dict[str, Any]
Answer = tuple[Request, bytes]

READY = b"GEODISTIL-READY\n"
MOST_READ = 1 << 20
DOCTOR_SECONDS = 300
END_SECONDS = 5
QUEUE_SECONDS = 10
LAUNCH_FILE, LOG_FILE, STOP_FILE = "launch.json", "log.txt", "stop"
UNFINISHED = ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "STOPPED", "STAGE_OUT")

CHILDREN: list[subprocess.Popen[bytes]] = []
QUEUE: dict[str, tuple[float, bool, bool]] = {}
"""What the queue said last of each job: when, whether it lives, whether it waits."""


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b"\n" + READY)
    answer(answers, {"python": platform.python_version(), "host": platform.node(), "executable": sys.executable})
    for line in iter(requests.readline, b""):
        request = json.loads(line)
        payload = requests.read(request.pop("bytes", 0))
        answer(answers, *done(request, payload))


def done(request: Request, payload: bytes) -> Answer:
    """Do what is asked; what goes wrong is an answer too."""
    place = request.get("path") or request.get("folder") or ""
    try:
        return DOES[request.pop("do")](payload=payload, **request)
    except OSError as error:
        told = {"errno": error.errno, "reason": error.strerror or str(error), "path": str(error.filename or place)}
    except Exception as error:
        told = {"errno": 0, "reason": str(error) or type(error).__name__, "path": place}
    return {"error": dict(told, details=traceback.format_exc())}, b""


def answer(answers: BinaryIO, values: Request, content: bytes = b"") -> None:
    """Send one answer."""
    answers.write(json.dumps(dict(values, bytes=len(content))).encode() + b"\n" + content)
    answers.flush()


def doctor(payload: bytes) -> Answer:
    """What the engine says of itself and the machine."""
    command = [sys.executable, "-m", "engine", "doctor", "--json"]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=DOCTOR_SECONDS)
    except subprocess.TimeoutExpired:
        return {"code": 1, "said": f"it did not answer within {DOCTOR_SECONDS} s"}, b""
    return {"code": ended.returncode, "said": ended.stderr.decode("utf-8", "replace")[-4000:]}, ended.stdout


def has_engine(payload: bytes) -> Answer:
    """Whether there is an engine to be imported; whether it works, only it can say."""
    return {"engine": importlib.util.find_spec("engine") is not None}, b""


def prepare(payload: bytes, folder: str) -> Answer:
    """Make a folder, try to write in it, and say where it is and how much room it has."""
    place = os.path.abspath(os.path.expanduser(folder))
    os.makedirs(place, exist_ok=True)
    trial = os.path.join(place, f".geodistil-{os.getpid()}")
    with open(trial, "wb"):
        pass
    os.remove(trial)
    return {"folder": place, "free": shutil.disk_usage(place).free}, b""


def stat(payload: bytes, paths: list[str]) -> Answer:
    """Size and time of files; nothing where there is none."""
    return {"found": [found(path) for path in paths]}, b""


def found(path: str) -> list[int] | None:
    """Size and time of a file."""
    try:
        stat = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return [stat.st_size, int(stat.st_mtime)]


def write(payload: bytes, path: str, offset: int) -> Answer:
    """Write a part of a file that is being copied."""
    if offset == 0:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "r+b" if offset else "wb") as file:
        file.seek(offset)
        file.write(payload)
        file.truncate()
    return {}, b""


def settle(payload: bytes, partial: str, path: str, modified: int) -> Answer:
    """A copied file is whole: it gets its time and its name."""
    os.utime(partial, (modified, modified))
    os.replace(partial, path)
    return {}, b""


def read(payload: bytes, path: str, offset: int) -> Answer:
    """A part of a file."""
    with open(path, "rb") as file:
        file.seek(offset)
        return {}, file.read(MOST_READ)


def contents(payload: bytes, folder: str, names: list[str]) -> Answer:
    """All files that these names of a folder have: path in it, size, time."""
    paths = []
    for name in names:
        place = os.path.join(folder, name)
        paths += [place] if os.path.isfile(place) else []
        paths += [os.path.join(parent, each) for parent, _, inside in os.walk(place) for each in inside]
    return {"files": [[os.path.relpath(path, folder), *(found(path) or (0, 0))] for path in paths]}, b""


def start(payload: bytes, folder: str, token: str, queue: str, options: str) -> Answer:
    """Start the training of a run folder, once for each token, in a session of its own or through the queue."""
    note = os.path.join(folder, LAUNCH_FILE)
    try:
        with open(note, encoding="utf-8") as file:
            launched = json.load(file)
    except (OSError, ValueError):
        launched = {}
    if launched.get("token") != token:
        if os.path.exists(os.path.join(folder, STOP_FILE)):
            os.remove(os.path.join(folder, STOP_FILE))
        launched = dict(submitted(folder, options) if queue else begun(folder), token=token, time=time.time())
        with open(f"{note}.partial", "w", encoding="utf-8") as file:
            json.dump(launched, file)
        os.replace(f"{note}.partial", note)
    return launched, b""


def begun(folder: str) -> Request:
    """A training that outlives the connection."""
    with open(os.path.join(folder, LOG_FILE), "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "engine", "train", folder],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(os.environ, PYTHONUNBUFFERED="1"),
        )
    CHILDREN.append(child)
    return {"pid": child.pid, "since": age(child.pid), "job": ""}


def submitted(folder: str, options: str) -> Request:
    """A training as a job of Slurm."""
    words = [shlex.quote(each) for each in (os.getcwd(), sys.executable, folder)]
    script = "#!/bin/sh\ncd {}\nexec {} -m engine train {}\n".format(*words)
    log = os.path.join(folder, LOG_FILE).replace("%", "%%")
    command = ["sbatch", "--parsable", "--open-mode=append", f"--output={log}", *shlex.split(options)]
    if shutil.which("sbatch") is None:
        raise RuntimeError("there is no sbatch")
    ended = subprocess.run(command, input=script.encode(), capture_output=True)
    if ended.returncode:
        raise RuntimeError(ended.stderr.decode("utf-8", "replace").strip().rstrip(".") or "sbatch failed")
    return {"pid": 0, "since": 0, "job": ended.stdout.decode().strip().split(";")[0]}


def look(payload: bytes, folder: str, training: Request, files: list[Request]) -> Answer:
    """Whether the training lives, and then what is new in its files, so that nothing of a dead one is missed."""
    job = training["job"]
    alive, waits = in_queue(job) if job else (lives(training["pid"], training["since"]), False)
    told, content = [], b""
    for each in files:
        news, size, restarted = new(os.path.join(folder, each["name"]), each["offset"], bytes.fromhex(each["tail"]))
        told.append({"size": size, "restarted": restarted, "bytes": len(news)})
        content += news
    return {"alive": alive, "waits": waits, "files": told}, content


def new(path: str, offset: int, tail: bytes) -> tuple[bytes, int, bool]:
    """What follows in a file; from its beginning where it is not the one of which `tail` was read before."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, offset - len(tail)))
            restarted = size < offset or file.read(len(tail)) != tail
            file.seek(0 if restarted else offset)
            return file.read(MOST_READ), size, restarted
    except FileNotFoundError:
        return b"", 0, offset > 0


def lives(pid: int, since: int) -> bool:
    """Whether a process is there and the one that was started."""
    for child in CHILDREN:
        child.poll()  # the system keeps ended ones until they are asked for
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return age(pid) == since


def age(pid: int) -> int:
    """When a process began, in the system's ticks; 0 of one that has ended, or where the system does not say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if words[0] == b"Z" else int(words[19])


def in_queue(job: str) -> tuple[bool, bool]:
    """Whether a job lives, and whether it still waits for its turn."""
    now = time.monotonic()
    if job not in QUEUE or now - QUEUE[job][0] > QUEUE_SECONDS:
        ended = subprocess.run(["squeue", "--noheader", "--jobs", job, "--format", "%T"], capture_output=True)
        words = ended.stdout.decode().split()
        if ended.returncode and b"nvalid job id" not in ended.stderr:
            return QUEUE.get(job, (0.0, True, False))[1:]  # the queue itself does not answer
        QUEUE[job] = (now, bool(words) and words[0] in UNFINISHED, words[:1] == ["PENDING"])
    return QUEUE[job][1:]


def stop(payload: bytes, folder: str, job: str) -> Answer:
    """Ask for an orderly end; a job that still waits is taken off the queue."""
    path = os.path.join(folder, STOP_FILE)
    with open(path, "ab"):
        os.utime(path)  # one from before the engine's start says nothing
    if job and in_queue(job)[1]:
        end(b"", 0, 0, job)
    return {}, b""


def end(payload: bytes, pid: int, since: int, job: str) -> Answer:
    """End a training at once, with all that it has started."""
    if job:
        subprocess.run(["scancel", job], capture_output=True)
        QUEUE.clear()
    elif lives(pid, since):
        os.killpg(pid, signal.SIGTERM)
        until = time.monotonic() + END_SECONDS
        while lives(pid, since) and time.monotonic() < until:
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    return {}, b""


DOES = {
    each.__name__: each
    for each in (doctor, has_engine, prepare, stat, write, settle, read, contents, start, look, stop, end)
}

if __name__ == "__main__":
    main()
