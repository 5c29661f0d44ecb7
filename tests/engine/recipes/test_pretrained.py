"""Pretrained encoders used as they were trained: learning rate, batch norms, standardisation."""

import pytest
import torch
from torch import nn

from engine.config import load_run
from engine.data import prepare
from engine.models.weights import expected_standardisation
from engine.recipes import build_plan
from tests.engine.training.test_loop import Interrupted, loop_of, weights_of

LITE = {"encoder": "tu-tf_efficientnet_lite0", "width": 32, "detection_strides": [8]}


def student(folder):
    run = load_run(folder)
    return build_plan(run, prepare(run)).networks["student"]


def moved(before, after, part):
    return max((after[name] - before[name]).abs().max().item() for name in before if name.startswith(part))


def test_the_encoders_share_of_the_learning_rate_holds_in_every_step(make_run):
    """Adam moves a weight by about its learning rate, whatever the gradient: shares show in how far weights went."""
    recipe = {"kind": "supervised", "network": LITE}
    settings = {"budget": {"steps": 1}, "validations": 1, "warmup": 0, "weight_decay": 0, "ema_decay": 0}
    went = {}
    for factor in (1.0, 0.1):
        loop = loop_of(make_run(recipe, f"run{factor}", encoder_lr_factor=factor, **settings))
        before = {name: value.clone() for name, value in loop.plan.networks["student"].named_parameters()}
        network = loop.train().network
        after = dict(network.named_parameters())
        went[factor] = moved(before, after, "encoder."), moved(before, after, "neck.")
    assert went[0.1][0] == pytest.approx(0.1 * went[1.0][0], rel=0.05)
    assert went[0.1][1] == pytest.approx(went[1.0][1], rel=0.05)


def test_a_share_survives_an_interruption(make_run):
    recipe = {"kind": "supervised", "network": LITE}
    whole, broken = (make_run(recipe, n, budget={"steps": 8}, encoder_lr_factor=0.1) for n in ("whole", "broken"))
    expected = weights_of(loop_of(whole).train().network)

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.step == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        loop_of(broken, pull_the_plug).train()
    found = loop_of(broken).train().network.state_dict()
    assert all(torch.allclose(v.float(), found[n].float(), atol=1e-5) for n, v in expected.items())


@pytest.mark.parametrize(
    ("batch_norm", "batch_size", "frozen"),
    [("auto", 2, True), ("auto", 4, False), ("frozen", 4, True), ("train", 2, False)],
)
def test_small_batches_leave_a_pretrained_encoders_statistics_alone(make_run, batch_norm, batch_size, frozen):
    folder = make_run({"kind": "supervised", "network": {**LITE, "batch_norm": batch_norm}}, batch_size=batch_size)
    network = student(folder).train()
    norm = next(module for module in network.encoder.modules() if isinstance(module, nn.BatchNorm2d))
    before = norm.running_mean.clone()
    network(torch.full((2, 3, 64, 64), 200.0)).segmentation.sum().backward()
    assert torch.equal(norm.running_mean, before) == frozen
    assert norm.weight.grad is not None  # scale and shift go on learning


def test_random_encoders_learn_their_statistics_in_small_batches_too(make_run):
    network = student(make_run({"kind": "supervised", "network": {**LITE, "weights": "none"}}, batch_size=2))
    assert all(m.training for m in network.train().encoder.modules() if isinstance(m, nn.BatchNorm2d))


def test_pixels_as_the_weights_saw_them(make_run):
    """EfficientNet-Lite saw RGB from -1 to 1 (timm's record of it)."""
    recipe = {"kind": "supervised", "network": {**LITE, "standardisation": "weights"}}
    network = student(make_run(recipe))
    extremes = torch.tensor([0.0, 255.0]).expand(1, 3, 1, 2)
    torch.testing.assert_close(network.normalise(extremes), torch.tensor([-1.0, 1.0]).expand(1, 3, 1, 2))
    assert expected_standardisation("tu-convnext_tiny.in12k_ft_in1k")[0] == [0.485, 0.456, 0.406]


def test_random_weights_expect_nothing_and_keep_the_datas_statistics(make_run):
    folder = make_run({"kind": "supervised", "network": {**LITE, "standardisation": "weights", "weights": "none"}})
    run = load_run(folder)
    torch.testing.assert_close(student(folder).mean, torch.tensor(prepare(run).mean))
