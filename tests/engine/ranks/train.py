"""Trains run folders as one of several ranks: `python -m tests.engine.ranks.train [--tiny] [--runaway] FOLDER ...`.

What it trains goes into FOLDER/weights.pt, of the second rank into weights-1.pt. With --tiny the networks are those of
a training of milliseconds; with --runaway a loss of theirs is no number at the seventh step, on the last rank alone.
"""

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

import torch
from lightning_fabric import Fabric

from engine import ranks
from engine.config import load_run
from engine.data import prepare
from engine.events import EventLog
from engine.processes import place
from engine.recipes import build_plan
from engine.recipes.plan import PlannedRun
from engine.training import Loop, joined, make_fabric
from engine.training.validation import Validator
from tests.engine.training.test_setbacks import runaway
from tests.engine.training.tiny import plan_of

RUNAWAY = 6
"""Steps that are done before."""


def tiny_plan():
    return plan_of()


def runaway_plan():
    """Of which the last rank's own chips have a loss that is not a number."""
    return runaway({RUNAWAY} if ranks.share(ranks.size()).start == ranks.size() - 1 else set())


def train(folder, fabric, where=None, make_plan=None):
    """Train a folder; returns the networks' weights before and after, their scores, and one validation of two kinds."""
    run = load_run(folder)
    with ranks.dealt(run.training.batch_size) if where else nullcontext():
        prepared = prepare(run)
        torch.manual_seed(run.training.seed)
        plan = make_plan() if make_plan else build_plan(run, prepared)
        begun = weights(plan)
        events = EventLog(folder if ranks.is_first() else None)
        trained = Loop(PlannedRun(folder, run, prepared, plan), fabric, events).train()
        shared = Validator(run, prepared, fabric, plan.heard).score(trained.network)
        rank = ranks.share(ranks.size()).start
    validated = shared, Validator(run, prepared, fabric, plan.heard).score(trained.network)
    found = {"begun": begun, "networks": weights(plan), "scores": trained.scores, "validated": validated}
    torch.save(found, folder / (f"weights-{rank}.pt" if rank else "weights.pt"))
    return found


def weights(plan):
    return {
        name: {key: value.clone() for key, value in network.state_dict().items()}
        for name, network in plan.networks.items()
    }


def alone():
    return Fabric(accelerator="cpu", devices=1, precision="32-true")


def main(arguments):
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    plans = {"--tiny": tiny_plan, "--runaway": runaway_plan}
    make_plan = next((plans[each] for each in arguments if each in plans), None)
    folders = [Path(each) for each in arguments if each not in plans]
    where, settings = place(), load_run(folders[0]).training
    fabric = make_fabric(settings, where)
    for folder in folders:
        train(folder, fabric, where, make_plan)
    with joined(settings, where):  # the end, as in the command
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)
