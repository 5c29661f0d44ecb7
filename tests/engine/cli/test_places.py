"""Workers of one machine share its cores and cards; those of others have all of theirs."""

import json
import os
import subprocess
import sys

import pytest

from engine.cli.cluster.workers import About, Place, places_of


def about(name, host="a", cores=(0, 1, 2, 3), cards=()):
    return About(name, host, "1", "", tuple(cores), tuple(cards))


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        ([about(0), about(1)], {0: Place((0, 1)), 1: Place((2, 3))}),
        ([about(0), about(1, "b")], {0: Place(), 1: Place()}),
        ([about(0, cores=(0,)), about(1, cores=(1,))], {0: Place(), 1: Place()}),  # dealt out already
        ([about(0, cores=(5,)), about(1, cores=(5,))], {0: Place((5,)), 1: Place((5,))}),
        ([about(0, cores=()), about(1, cores=())], {0: Place(), 1: Place()}),
        (
            [about(name, cores=(), cards=("4", "6")) for name in "xyz"],
            {"x": Place((), "4"), "y": Place((), "6"), "z": Place((), "4")},
        ),
        ([about(0, cards=("4",))], {0: Place()}),
    ],
)
def test_cores_and_cards_are_dealt(workers, expected):
    assert places_of(workers) == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no processes")
def test_a_process_settles_with_the_threads_it_has():
    code = """
import json, os, threading
from engine.cli.cluster.workers import Place, own_cards, settle
cores, seen, asked, settled = os.sched_getaffinity(0), [], threading.Event(), threading.Event()
thread = threading.Thread(target=lambda: (settled.wait(), seen.append(os.sched_getaffinity(0))))
thread.start()
os.environ["CUDA_VISIBLE_DEVICES"] = "4,6"
settle(Place((max(cores),), own_cards()[1]))
settled.set()
thread.join()
print(json.dumps([max(cores), *map(list, seen), list(os.sched_getaffinity(0)), list(own_cards())]))
"""
    said = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert said[1:] == [[said[0]], [said[0]], ["6"]]
