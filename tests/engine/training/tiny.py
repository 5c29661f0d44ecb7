"""A training of milliseconds: two tiny networks of real layers on real chips, a teacher's stage and one of both."""

from contextlib import suppress

import torch
from lightning_fabric import Fabric
from torch import nn

from engine.config import load_run
from engine.data import prepare
from engine.events import EventLog
from engine.recipes import Plan, Stage, ema_of
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.types import Outputs

RECIPE = {"kind": "supervised"}
SETTINGS = {"budget": {"steps": 24}, "batch_size": 2, "validations": 3, "ema_decay": 0.5, "learning_rate": 0.03}


class Interrupted(Exception):
    pass


class Tiny(nn.Module):
    """A network for roofs: a convolution, batch norm, and a convolution."""

    tasks = ("segmentation",)

    def __init__(self, seed):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1))

    def forward(self, image, tasks=None):
        return Outputs(segmentation=self.layers(image / 255))


def cross_entropy(network, batch, noise=0.1):
    """Of a batch with noise from torch's generator, as views and CutMix draw from it."""
    noisy = batch.image + 255 * noise * torch.randn(batch.image.shape)
    return nn.functional.cross_entropy(network(noisy).segmentation, batch.mask, ignore_index=255)


def stages():
    def teacher(networks, batches, progress):
        return {"teacher": cross_entropy(networks["teacher"], batches["segmentation"])}

    def both(networks, batches, progress):
        batch = batches["segmentation"]
        with torch.no_grad():
            answer = networks[ema_of("teacher")](batch.image).segmentation.softmax(1)
        soft = nn.functional.cross_entropy(networks["student"](batch.image).segmentation, answer)
        return {"student": cross_entropy(networks["student"], batch) + soft, **teacher(networks, batches, progress)}

    role = ("segmentation",)
    return [
        Stage("teacher", ("teacher",), role, 0.5, teacher, validated=("teacher",)),
        Stage("student", ("student", "teacher"), role, 0.5, both, validated=("student", "teacher")),
    ]


def plan_of(stages_=None):
    return Plan({"teacher": Tiny(1), "student": Tiny(2)}, stages_ or stages(), "student", {})


def train(folder, stop_at=None, plan=None, listener=lambda event: None):
    """Train a run folder; `stop_at` is the stage and step of the checkpoint after which the plug is pulled."""

    def listen(event):
        listener(event)
        if event.kind == "checkpoint" and (event.stage, event.step) == stop_at:
            raise Interrupted

    run = load_run(folder)
    torch.manual_seed(0)
    loop = Loop(PlannedRun(folder, run, prepare(run), plan or plan_of()), FABRIC, EventLog(folder, listen))
    with suppress(Interrupted):
        return loop.train()


FABRIC = Fabric(accelerator="cpu", devices=1, precision="32-true")
