"""Where machines end: float16's range, memory of each kind, imagery of many bands."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision

from engine.config import load_run
from engine.data import prepare
from engine.errors import DeviceError, TrainingError
from engine.events import EventLog
from engine.models.devices import out_of_memory
from engine.recipes import Plan, Stage, build_plan
from engine.recipes.plan import PlannedRun
from engine.training import Loop, loop, validation
from engine.training.loop import MOST_SKIPPED
from engine.training.validation import Validator
from tests.networks import NARROW

ROOT = Path(__file__).parents[3]


def half():
    """Float16 with a scaler, as on graphics cards without bfloat16, on the CPU."""
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    return Fabric(accelerator="cpu", devices=1, plugins=[MixedPrecision("16-mixed", "cpu", scaler)])


def plan_of(run, prepared, losses):
    plan = build_plan(run, prepared)
    stage = Stage("training", ("student",), ("detection",), 1.0, losses, validated=("student",))
    return Plan(plan.networks, [stage], "student", plan.specs)


def loop_of(folder, losses, fabric, listener=None):
    run = load_run(folder)
    prepared = prepare(run)
    return Loop(PlannedRun(folder, run, prepared, plan_of(run, prepared, losses)), fabric, EventLog(folder, listener))


def too_large_at(steps):
    """Losses that are infinite at some steps, as is what batch norms see then."""
    calls = iter(range(1000))

    def losses(networks, batches, progress):
        network, step = networks["student"], next(calls)
        image = batches["detection"].image
        answer = network(image * (torch.inf if step in steps else 1), tasks=("detection",)).detections
        return {"size": answer.logits.float().square().mean()}

    return losses


def statistics(network):
    return [each for name, each in network.named_buffers() if "running" in name]


def test_float16_leaves_a_few_steps_out_and_goes_on(make_run, events):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 5}, validations=1)
    trained = loop_of(folder, too_large_at({1, 2}), half()).train()
    assert all(torch.isfinite(each).all() for each in trained.network.state_dict().values())
    assert all(torch.isfinite(each).all() for each in statistics(trained.network))
    assert events(folder, "progress")[-1]["step"] == 5
    assert np.isfinite([*events(folder, "progress")[-1]["losses"].values()]).all()


def test_float16_does_not_leave_steps_out_for_ever(make_run, monkeypatch):
    monkeypatch.setattr(loop, "MOST_SETBACKS", 0)
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 100})
    with pytest.raises(TrainingError, match=rf"not a number after {MOST_SKIPPED} steps \(size\).*precision to 32-true"):
        loop_of(folder, too_large_at(range(100)), half()).train()


def test_other_arithmetic_leaves_no_step_out(make_run, events):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 2})
    loop_of(folder, too_large_at({1}), Fabric(accelerator="cpu", devices=1, precision="32-true")).train()
    assert "not a number after 1 steps (size). Training goes back" in events(folder, "warning")[0]["message"]


class Interrupted(Exception):
    pass


def test_the_scale_of_float16_goes_on_with_the_training(make_run):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 4}, validations=2)
    first, again = half(), half()
    first.strategy.precision.scaler.set_growth_interval(1)
    reached = {}

    def pull_the_plug(event):
        if event.kind == "checkpoint":
            reached.update(first.strategy.precision.state_dict())
            raise Interrupted

    with pytest.raises(Interrupted):
        loop_of(folder, too_large_at(()), first, pull_the_plug).train()
    assert reached["scale"] == 2.0**12, "it has grown twice"
    loop_of(folder, too_large_at(()), again).train()
    assert again.strategy.precision.state_dict()["scale"] >= reached["scale"]


def test_a_full_memory_is_one_sentence_on_the_cpu_too(make_run):
    folder = make_run({"kind": "supervised", "network": NARROW})

    def losses(networks, batches, progress):
        return {"size": torch.empty(2**50).sum()}

    with pytest.raises(DeviceError, match=r"cpu ran out of memory with a batch of 4 chips of 64 px; lower"):
        loop_of(folder, losses, Fabric(accelerator="cpu", devices=1, precision="32-true")).train()


@pytest.mark.parametrize(
    "error, full",
    [
        (RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB, max allowed: 18.1 GB). Tried ..."), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you ..."), True),
        (RuntimeError("could not create a memory object: CUDNN_STATUS_ALLOC_FAILED"), True),
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("Expected all tensors to be on the same device"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_devices_say_of_a_full_memory_is_known(error, full):
    assert out_of_memory(error) is full


def test_validation_chips_of_many_bands_are_not_all_kept(make_run, monkeypatch):
    run = load_run(make_run({"kind": "supervised", "network": NARROW}, batch_size=2))
    prepared = prepare(run)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    network = build_plan(run, prepared).networks["student"].eval()
    whole = Validator(run, prepared, fabric)
    expected = whole.score(network)
    one = next(iter(whole._kept["detection"])).nbytes()
    monkeypatch.setattr(validation, "MOST_KEPT", 2.5 * one)
    few = Validator(run, prepared, fabric)
    assert few.score(network) == expected == few.score(network)
    assert sum(map(len, few._kept.values())) == 2 < sum(map(len, whole._kept.values()))


LOADER = """
import sys
from itertools import islice
from engine.config import load_run
from engine.data import prepare, training_loader
if __name__ == "__main__":
    run = load_run(sys.argv[1])
    for batch in islice(training_loader(prepare(run), run, "detection", warn=print), 6):
        print(*batch.image.shape, float(batch.image.float().mean()))
"""


def in_shared_memory(folder, megabytes):
    """What a loader prints in a container of its own with so much shared memory."""
    command = f'mount -t tmpfs -o size={megabytes}m tmpfs /dev/shm && exec "{sys.executable}" -c "$0" "{folder}"'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", command, LOADER], cwd=ROOT, env=environment, capture_output=True, text=True
    )


@pytest.mark.skipif(
    sys.platform != "linux" or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0,
    reason="only who may mount has little shared memory",
)
def test_little_shared_memory_is_said_and_does_not_end_the_training(make_run, worlds):
    folder = make_run({"kind": "supervised", "network": NARROW}, batch_size=16, chip_size=128, workers=2)
    batch = 16 * 128 * 128 * 4 / 2**20  # bytes of three bands and of where they are valid
    little, none = (in_shared_memory(folder, size) for size in (int(8 * batch), 1))
    for done in (little, none):
        assert done.returncode == 0, done.stderr
    assert "room for 4 of the 9 batches" in little.stdout and "2 processes will read ahead" in little.stdout
    assert "no processes will read ahead" in none.stdout and "--shm-size" in none.stdout
    chips = [[line for line in done.stdout.splitlines() if line.startswith("16 ")] for done in (little, none)]
    assert chips[0] == chips[1] and len(chips[0]) == 6
