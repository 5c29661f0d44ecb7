"""Event logs as kills, full disks, lost power and strangers leave them. No engine and no QGIS in here."""

import json
import random
from pathlib import Path

RECORDED = (Path(__file__).parent / "recorded.jsonl").read_bytes()
"""A short training's, as the engine wrote it."""

STAGE = '"kind": "stage", "name": "training"'
PROGRESS = '"kind": "progress", "stage": "training", "step": 1, "of": 600'


def _line(text: str) -> bytes:
    return ("{" + text + "}").encode()


LINES = {
    "torn": b'{"time": 1, "kind": "prog',
    "torn and swallowing": b'{"time": 1, "kind": "prog{"time": 2, "kind": "stopped"}',
    "rubbish": bytes(range(11, 256)) * 3,
    "nul": bytes(5000),
    "nul before an event": bytes(300) + b'{"time": 1, "kind": "stopped"}',
    "no utf-8": b'{"time": 1, "kind": "note", "message": "\xff\xfe"}',
    "a list": b"[1, 2, 3]",
    "a list of events": b'[{"time": 1, "kind": "stopped"}]',
    "a number": b"12",
    "null": b"null",
    "an empty object": b"{}",
    "no kind": _line('"time": 1'),
    "kind is a list": _line('"time": 1, "kind": ["stopped"]'),
    "time is a text": _line('"time": "now", "kind": "stopped"'),
    "time is infinite": _line('"time": 1e999, "kind": "stopped"'),
    "time is far away": _line('"time": 1e30, "kind": "stopped"'),
    "nested": b'{"time": 1, "kind": "note", "message": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested a little": b'{"time": 1, "kind": "note", "message": ' + b"[" * 400 + b"]" * 400 + b"}",
    "nested objects": b'{"time": 1, "kind": "note", "message": ' + b'{"a":' * 60_000 + b"1" + b"}" * 60_001,
    "a long number": _line('"time": 1, "kind": "checkpoint", "stage": "training", "step": ' + "9" * 10_000),
    "step is a text": _line('"time": 1, "kind": "progress", "stage": "training", "step": "x", "of": 600'),
    "step is negative": _line('"time": 1, "kind": "progress", "stage": "training", "step": -5, "of": 600'),
    "step is true": _line('"time": 1, "kind": "progress", "stage": "training", "step": true, "of": 600'),
    "no step": _line('"time": 1, "kind": "progress", "stage": "training", "of": 600'),
    "stage is an object": _line('"time": 1, "kind": "progress", "stage": {}, "step": 1, "of": 600'),
    "losses are a list": _line(f'"time": 1, {PROGRESS}, "losses": [1, 2]'),
    "a loss is a text": _line(f'"time": 1, {PROGRESS}, "losses": {{"box": "1"}}'),
    "a loss is NaN": _line(f'"time": 1, {PROGRESS}, "losses": {{"box": NaN}}'),
    "a loss is huge": _line(f'"time": 1, {PROGRESS}, "losses": {{"box": 1e300}}'),
    "an estimate is a text": _line(f'"time": 1, {PROGRESS}, "eta_seconds": "soon"'),
    "a fraction is a list": _line(f'"time": 1, {PROGRESS}, "fraction": [1]'),
    "values are a text": _line('"time": 1, "kind": "metrics", "stage": "a", "network": "b", "step": 1, "values": "x"'),
    "a value is a list": _line(
        '"time": 1, "kind": "metrics", "stage": "a", "network": "b", "step": 1, "values": {"c": [1]}'
    ),
    "no name": _line('"time": 1, "kind": "stage"'),
    "an index is a text": _line(f'"time": 1, {STAGE}, "index": "first"'),
    "a host is a list": _line('"time": 1, "kind": "started", "pid": 5, "host": ["vm"]'),
    "a process is a text": _line('"time": 1, "kind": "started", "pid": "five", "host": "vm"'),
    "a message is a number": _line('"time": 1, "kind": "warning", "message": 5}'),
    "a message is very long": _line('"time": 1, "kind": "warning", "message": "' + "x" * 2_000_000 + '"'),
}
"""Lines that no reader may take for an event, each without its end."""

STRANGE = [
    json.dumps({"time": 2, "kind": "stage", "name": '<script>"$\\frac$\x00\x01\ud800', "index": 3, "of": 9}),
    *(
        json.dumps(
            {
                "time": 3 + step,
                "kind": "progress",
                "stage": "$_{<b>\udfff",
                "step": 10**15 - step,
                "of": 1,
                "losses": {"$a$_\x07b": 1e38, "": -1e38, "x" * 60: 1e-320, "\ud800": 0},
                "samples_per_second": 1e38,
            }
        )
        for step in range(5)
    ),
    json.dumps(
        {"time": 9, "kind": "metrics", "stage": "$x", "network": "\x1b[31m$", "step": 0, "values": {"a": -1e38}}
    ),
    json.dumps({"time": 9, "kind": "warning", "message": "\ud83d and \x01"}),
    json.dumps({"time": 2e11, "kind": "failed", "message": None, "code": "stopped"}),
    json.dumps({"time": 0, "kind": "from a later version", "step": 5}),
]
"""Lines that are events, though no network, class or engine would give them."""


def with_line(line: bytes) -> bytes:
    """The recorded log with a line within."""
    lines = RECORDED.splitlines(keepends=True)
    return b"".join([*lines[:10], line, b"\n", *lines[10:]])


def mutated(seed: int) -> bytes:
    """The recorded log with some bytes changed, cut out, doubled, or replaced by another part of it."""
    rng = random.Random(seed)
    log = bytearray(RECORDED)
    for _ in range(rng.choice((1, 3, 30, 300))):
        at, length = rng.randrange(len(log)), rng.choice((1, 1, 1, 4, 50, 700))
        other = rng.randrange(len(log))
        new = rng.choice((rng.randbytes(length), bytes(length), b"", log[other : other + length], b"\n", b"9" * length))
        log[at : at + length] = new
        if len(log) < 100:
            break
    return bytes(log)
