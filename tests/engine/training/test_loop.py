import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file

from engine.config import load_run
from engine.data import prepare
from engine.errors import Stopped, TrainingError
from engine.events import EventLog
from engine.processes import Interrupted as StopInTheMidst
from engine.recipes import Plan, Stage, build_plan, ema_of
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import load_last
from tests import forks
from tests.networks import NARROW

ROOT = Path(__file__).parents[3]


def loop_of(folder, listener=None, plan=None):
    run = load_run(folder)
    prepared = prepare(run)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    torch.manual_seed(run.training.seed)
    return Loop(
        PlannedRun(folder, run, prepared, plan or build_plan(run, prepared)), fabric, EventLog(folder, listener)
    )


def weights_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_network_learns_both_tasks_of_an_easy_world(make_run):
    folder = make_run(
        {"kind": "supervised", "network": NARROW},
        budget={"steps": 120}, batch_size=4, learning_rate=3e-3, ema_decay=0.9, validations=3,
    )  # fmt: skip
    trained = loop_of(folder).train()
    assert trained.values["segmentation/iou/roof"] > 0.7
    assert trained.values["detection/ap50"] > 0.5


def test_the_best_weights_ship_and_are_on_disk(make_run, events):
    folder = make_run({"kind": "supervised", "network": NARROW})
    trained = loop_of(folder).train()
    best = load_file(folder / "checkpoints/student.safetensors")
    assert all(torch.equal(value, best[name]) for name, value in trained.network.state_dict().items())
    assert not trained.network.training
    assert len(events(folder, "metrics")) == 2
    assert events(folder, "progress")[-1]["fraction"] == 1.0


class Interrupted(Exception):
    pass


def test_an_interrupted_training_goes_on_to_the_same_weights(make_run, events):
    """Pretrained encoders included: the first checkpoint comes when their stage is over."""
    recipe = {"kind": "supervised", "network": NARROW}
    whole, broken = (make_run(recipe, name, budget={"steps": 8}, pretraining=0.25) for name in ("whole", "broken"))
    expected = loop_of(whole).train()

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.step == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        loop_of(broken, pull_the_plug).train()
    moved = broken.rename(broken.with_name("moved"))
    found = loop_of(moved).train()
    assert max(event["step"] for event in events(moved, "checkpoint")) == 6
    for name, value in weights_of(expected.network).items():
        assert torch.allclose(value.float(), found.network.state_dict()[name].float(), atol=1e-5), name


def test_a_training_stopped_in_a_validation_validates_there_again_and_ends_with_the_same_weights(make_run, events):
    recipe = {"kind": "supervised", "network": NARROW}
    whole, broken = (make_run(recipe, name, budget={"steps": 4}, ema_decay=0.5) for name in ("whole", "broken"))
    expected = loop_of(whole).train()
    for validation in (1, 2):  # the first, then the one after it, the last: nothing is left to train then
        loop, count = loop_of(broken), iter(range(1, 9))
        score = loop.validator.score

        def interrupted(network, score=score, count=count, validation=validation):
            if next(count) == validation:
                raise StopInTheMidst
            return score(network)

        loop.validator.score = interrupted
        with pytest.raises(Stopped, match=r"last\.pt"):
            loop.train()
    found = loop_of(broken).train()
    steps = [[event["step"] for event in events(folder, "metrics")] for folder in (whole, broken)]
    assert steps[0] == steps[1] == [2, 4]
    for name, value in weights_of(expected.network).items():
        assert torch.allclose(value.float(), found.network.state_dict()[name].float(), atol=1e-5), name


def test_labels_are_learned_with_uncertain_statistics_where_asked(make_run):
    """That an interruption changes nothing of it, the test above shows: it is the default."""
    recipe = {"kind": "supervised", "network": NARROW}
    off, on = (
        weights_of(
            loop_of(make_run(recipe, str(p), budget={"steps": 2}, statistics_noise=p, ema_decay=0)).train().network
        )
        for p in (0.0, 1.0)
    )
    neck = [name for name in off if name.startswith("neck.") and name.endswith("weight")]
    assert neck and not all(torch.allclose(off[name], on[name], atol=1e-5) for name in neck)


def test_no_stage_sees_the_chips_of_another(make_run):
    """A student on just the crops that its teacher has memorised is taught what the teacher does not know elsewhere."""
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 6}, batch_size=2)
    run = load_run(folder)
    plan, seen = build_plan(run, prepare(run)), {"teacher": [], "student": []}

    def losses_of(stage):
        def losses(networks, batches, progress):
            seen[stage] += [hash(image.numpy().tobytes()) for image in batches["segmentation"].image]
            return {"nothing": next(networks["student"].parameters()).sum() * 0}

        return losses

    stages = [Stage(name, ("student",), ("segmentation",), 0.5, losses_of(name), validated=()) for name in seen]
    loop_of(folder, plan=Plan(plan.networks, stages, "student", plan.specs)).train()
    assert len(seen["teacher"]) == len(seen["student"]) == 6
    assert not set(seen["teacher"]) & set(seen["student"])


def test_a_stop_file_ends_in_order_with_a_checkpoint(make_run, events):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 500})
    (folder / "stop").touch()
    with pytest.raises(Stopped, match=r"last\.pt"):
        loop_of(folder).train()
    assert events(folder, "checkpoint")[-1]["step"] == 1
    assert (folder / "checkpoints/last.pt").exists()


def test_a_checkpoint_of_other_settings_is_refused(make_run):
    folder = make_run({"kind": "supervised", "network": NARROW})
    loop_of(folder).train()
    other = make_run({"kind": "supervised", "network": {**NARROW, "width": 64}})
    assert other == folder
    with pytest.raises(TrainingError, match="other settings"):
        loop_of(folder).train()


def test_a_damaged_checkpoint_is_refused_with_a_sentence(make_run):
    folder = make_run({"kind": "supervised", "network": NARROW})
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/last.pt").write_bytes(b"garbage")
    with pytest.raises(TrainingError, match="cannot be read"):
        loop_of(folder).train()


def test_a_loss_that_is_not_a_number_is_named(make_run):
    folder = make_run({"kind": "supervised", "network": NARROW})
    run = load_run(folder)
    plan = build_plan(run, prepare(run))

    def losses(networks, batches, progress):
        network = networks["student"]
        return {"fine": next(network.parameters()).sum() * 0, "broken": next(network.parameters()).sum() * torch.nan}

    stage = Stage("training", ("student",), ("detection",), 1.0, losses, validated=("student",))
    with pytest.raises(TrainingError, match="broken"):
        loop_of(folder, plan=Plan(plan.networks, [stage], "student", plan.specs)).train()


def test_a_budget_in_minutes_ends_in_time(make_run, events):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"minutes": 0.1})
    begun = time.monotonic()
    loop_of(folder).train()
    assert time.monotonic() - begun < 25
    assert events(folder, "progress")[-1]["step"] > 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_training_copied_elsewhere_goes_on_from_its_checkpoint(make_run, tmp_path, events):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 40}, validations=10)
    command = [sys.executable, "-m", "engine", "train"]
    child = forks.start([*command, str(folder)], cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL)
    while not (folder / "checkpoints/last.pt").exists():
        assert child.poll() is None, "training ended before its first checkpoint"
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    elsewhere = folder.rename(tmp_path / "elsewhere")
    reached, before = load_last(elsewhere, load_run(elsewhere)).step, len(events(elsewhere, "checkpoint"))
    assert forks.run([*command, str(elsewhere)], cwd=ROOT, capture_output=True).returncode == 0
    steps = [event["step"] for event in events(elsewhere, "checkpoint")]
    assert steps[before] > reached > 0  # the event of the last one may be missing
    assert steps[-1] == 40
    assert (elsewhere / "model/item.json").exists()


def test_averages_teach_and_never_learn(make_run):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 3})
    run = load_run(folder)
    plan, seen = build_plan(run, prepare(run)), []

    def losses(networks, batches, progress):
        average = networks[ema_of("student")]
        seen.append((average.training, any(p.requires_grad for p in average.parameters()), weights_of(average)))
        return {"size": sum(p.square().sum() for p in networks["student"].parameters())}

    stage = Stage("training", ("student",), ("detection",), 1.0, losses, validated=("student",))
    loop_of(folder, plan=Plan(plan.networks, [stage], "student", plan.specs)).train()
    assert len(seen) == 3 and all(not training and not learns for training, learns, _ in seen)
    assert not torch.equal(seen[0][2]["neck.blocks.0.0.weight"], seen[2][2]["neck.blocks.0.0.weight"])
