"""Ranks that are killed, and others that come instead; the long form: GEODISTIL_KILLS=10."""

import os
import random
import time

import pytest
import torch

from engine.config import load_run
from engine.training.checkpoints import load_last
from tests.engine.training.tiny import RECIPE, SETTINGS

from .launching import start
from .train import alone, tiny_plan, train

ROLES = ("segmentation",)
KILLS = int(os.environ.get("GEODISTIL_KILLS", "2"))
LONG = {**SETTINGS, "budget": {"steps": 150}, "batch_size": 3, "validations": 8, "device": "cpu"}
PROGRAM = ["-m", "tests.engine.ranks.train", "--tiny"]


def wait_for_all(processes, seconds=60):
    end = time.monotonic() + seconds
    return [each.wait(max(0.1, end - time.monotonic())) for each in processes]


def checkpoints(folder):
    log = folder / "events.jsonl"
    return log.read_text().count('"kind": "checkpoint"') if log.exists() else 0


def wait_for(number, folder, processes):
    while checkpoints(folder) < number:
        assert all(each.poll() is None for each in processes), [each.communicate() for each in processes]
        time.sleep(0.02)


def step_of(folder):
    state = load_last(folder, load_run(folder))
    return (state.stage, state.step) if state else (0, 0)


def same(folder, expected):
    found, wanted = (torch.load(each / "weights.pt", weights_only=True)["networks"] for each in (folder, expected))
    return all(torch.equal(found[name][key], value) for name in wanted for key, value in wanted[name].items())


def test_whichever_rank_is_killed_the_others_end_and_the_job_goes_on_to_the_same_weights(make_run, family):
    whole, broken = (make_run(RECIPE, name, ROLES, **LONG) for name in ("whole", "broken"))
    processes = start(family, [*PROGRAM, whole])
    assert wait_for_all(processes, 600) == [0, 0], [each.stderr.read() for each in processes]
    rng = random.Random(1)
    for kill in range(KILLS):
        before, processes = checkpoints(broken), start(family, [*PROGRAM, broken])
        wait_for(before + 1, broken, processes)  # until it has come further than before
        time.sleep(rng.uniform(0, 0.2))
        processes[kill % 2].kill()
        assert 0 not in wait_for_all(processes), "it was done before"
        family.wait(10)
    processes = start(family, [*PROGRAM, broken])
    assert wait_for_all(processes, 600) == [0, 0], [each.stderr.read() for each in processes]
    assert same(broken, whole)


def test_a_run_goes_on_with_another_number_of_processes(make_run, family):
    folder = make_run(RECIPE, "run", ROLES, **LONG)
    processes = start(family, [*PROGRAM, folder])
    wait_for(2, folder, processes)
    processes[0].kill()
    wait_for_all(processes)
    stage, step = step_of(folder)
    assert (stage, step) < (1, 75), "it was done before"
    found = train(folder, alone(), make_plan=tiny_plan)
    assert step_of(folder) == (1, 75)
    assert found["scores"]["student"]["segmentation/mean_iou"] > 0.5


@pytest.mark.parametrize("size", [3])
def test_more_processes_share_a_batch_too(make_run, family, size):
    folder = make_run(RECIPE, "run", ROLES, **{**LONG, "budget": {"steps": 4}, "validations": 1})
    processes = start(family, [*PROGRAM, folder], size)
    assert wait_for_all(processes, 600) == [0] * size, [each.stderr.read() for each in processes]
    assert (folder / "weights.pt").exists()
