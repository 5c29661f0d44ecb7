"""Trains run folders as one of several ranks: `python -m tests.engine.ranks.train [--tiny] FOLDER ...`.

What it trains goes into FOLDER/weights.pt. With --tiny the networks are those of a training of milliseconds.
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
from engine.recipes import build_plan
from engine.training import Loop, joined, make_fabric, place
from tests.engine.training.tiny import plan_of


def train(folder, fabric, where=None, tiny=False, noise=0.0):
    """Train a folder; `noise` is a relative change of the weights that it begins with."""
    run = load_run(folder)
    with ranks.dealt(run.training.batch_size) if where else nullcontext():
        prepared = prepare(run)
        torch.manual_seed(run.training.seed)
        plan = plan_of() if tiny else build_plan(run, prepared)
        draw = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for network in plan.networks.values() if noise else ():
                for each in network.parameters():
                    each.mul_(1 + noise * torch.randn(each.shape, generator=draw))
        events = EventLog(folder if ranks.is_first() else None)
        trained = Loop(folder, run, prepared, plan, fabric, events).train()
        found = {name: network.state_dict() for name, network in plan.networks.items()}
        if ranks.is_first():
            torch.save({"networks": found, "scores": trained.scores}, folder / "weights.pt")
    return found, trained.scores


def alone():
    return Fabric(accelerator="cpu", devices=1, precision="32-true")


def main(arguments):
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tiny, folders = "--tiny" in arguments, [Path(each) for each in arguments if each != "--tiny"]
    where, settings = place(), load_run(folders[0]).training
    fabric = make_fabric(settings, where)
    for folder in folders:
        train(folder, fabric, where, tiny)
    with joined(settings, where):  # the end, as in the command
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)
