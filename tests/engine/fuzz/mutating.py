"""Seeded mutations of what comes in files: JSON, bytes, archives. A seed is a case, for ever."""

import copy
import os
import random
import time

from engine.errors import GeoDistilError

MOST_LETTERS = 1500
"""Of a sentence; paths of tests are long."""

NUMBERS = [
    0, -1, 1, 2, 3, 200, 2**30, 2**31, 2**63, 2**64, -(2**64), 10**400, 0.5, -0.5, 1e-320, 1e-9, 1e18, 1e300, -1e300,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip
TEXTS = [
    "", " ", "a", "0", "-1", "nan", "auto", "none", "red;}", "#ff0000", "\x00", "\x01", "a\nb", "\u202e", "\ud800",
    "\uffff", "<b>&amp;", "../../etc/passwd", "/dev/zero", "http://[", "x" * 300, "x" * 100_000,
]  # fmt: skip
OTHERS = [
    None, True, False, [], {}, [[]], {"": None}, [None], ["a"], [0], [-1], [1, 1], [1e300] * 3, [float("nan")] * 3,
    list(range(300)), {"a": {"a": {"a": {}}}}, {"__class__": "x"}, ["a"] * 5000,
]  # fmt: skip
MOST_SECONDS = 60
"""Of a case, also on a machine that has other things to do."""
ODD = NUMBERS + TEXTS + OTHERS
"""What nobody would write, and someone does."""


def cases(short, most=10_000):
    """Seeds: a few, or as many as `GEODISTIL_FUZZ` asks for of each kind."""
    return range(min(int(os.environ.get("GEODISTIL_FUZZ", short)), most))


def said(work):
    """What became of a case: `ok`, or the class of the error, which is one sentence.

    Any other exception is a fault of ours.
    """
    started = time.monotonic()
    try:
        work()
    except GeoDistilError as error:
        sentence = str(error)
        assert error.code and "\n" not in sentence and len(sentence) < MOST_LETTERS, sentence
        assert "Traceback" not in sentence and " object at 0x" not in sentence, sentence
        return type(error).__name__
    finally:
        assert time.monotonic() - started < MOST_SECONDS
    return "ok"


def places(value, path=()):
    """Every place in a JSON value, as keys that lead there."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in list(pairs):
        yield from places(each, (*path, key))


def mutated(value, rng, times=None):
    """A copy of a JSON value with one to three things changed."""
    value = copy.deepcopy(value)
    for _ in range(times or rng.randint(1, 3)):
        value = _changed(value, rng.choice([place for place in places(value) if place]), rng)
    return value


def _changed(value, place, rng):
    *way, last = place
    owner = value
    for key in way:
        owner = owner[key]
    kind = rng.random()
    if kind < 0.6:
        owner[last] = copy.deepcopy(rng.choice(ODD))  # of its own: it may be what changes next
    elif kind < 0.75:
        del owner[last]
    elif kind < 0.85 and isinstance(owner, dict):
        owner[rng.choice(["", "x", "\x01", "kind", "name", "x" * 5000])] = copy.deepcopy(rng.choice(ODD))
    elif isinstance(owner[last], list):
        owner[last] = owner[last] * rng.choice([2, 3, 1000])
    elif isinstance(owner[last], int | float) and not isinstance(owner[last], bool):
        owner[last] = rng.choice(
            [-owner[last], owner[last] * 1000, owner[last] / 1000, owner[last] + 1, str(owner[last])]
        )
    else:
        owner[last] = [owner[last]]
    return value


def damaged(content, rng):
    """Bytes, cut, with some flipped, zeroed, repeated or put in."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, long = rng.randrange(len(content) + 1), rng.choice([1, 4, 64, 4096])
        kind = rng.randrange(5)
        if kind == 0:
            del content[at:]
        elif kind == 1:
            content[at : at + long] = bytes(each ^ rng.randrange(1, 256) for each in content[at : at + long])
        elif kind == 2:
            content[at : at + long] = bytes(len(content[at : at + long]))
        elif kind == 3:
            content[at:at] = content[at : at + long]
        else:
            content[at:at] = rng.randbytes(long)
    return bytes(content)


def seeded(kind, seed):
    """The random numbers of a case."""
    return random.Random(f"{kind} {seed}")
