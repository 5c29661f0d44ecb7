"""Losses, batch norms and random numbers of processes that share a batch are those of one process."""

import json

from .launching import start


def said(family, program):
    """What two ranks of a program have found."""
    first, second = start(family, ["-m", f"tests.engine.ranks.{program}"])
    found, errors = first.communicate(timeout=300)
    assert first.returncode == second.wait(timeout=60) == 0, errors + second.stderr.read()
    return json.loads(found.splitlines()[-1])  # after what some versions of Gloo say


def test_what_two_processes_make_of_a_shared_batch_is_what_one_makes_of_the_whole(family):
    found = said(family, "arithmetic")
    assert len(found) > 20
    wrong = {name: each for name, each in found.items() if max(each) > (2e-2 if "bfloat16" in name else 1e-4)}
    assert not wrong


def test_batch_norms_of_processes_with_many_chips_see_their_own_and_remember_the_mean(family):
    for rank in said(family, "own_statistics"):
        assert max(rank.values()) < 1e-4, rank
