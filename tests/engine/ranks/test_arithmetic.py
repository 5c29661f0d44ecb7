"""Losses, batch norms and random numbers of processes that share a batch are those of one process."""

import json

from .launching import start


def test_what_two_processes_make_of_a_shared_batch_is_what_one_makes_of_the_whole(family):
    first, second = start(family, ["-m", "tests.engine.ranks.arithmetic"])
    said, errors = first.communicate(timeout=300)
    assert first.returncode == second.wait(timeout=60) == 0, errors + second.stderr.read()
    found = json.loads(said)
    assert len(found) > 20
    wrong = {name: each for name, each in found.items() if max(each) > (2e-2 if "bfloat16" in name else 1e-4)}
    assert not wrong
