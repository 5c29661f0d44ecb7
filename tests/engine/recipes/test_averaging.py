"""A teacher's answer averaged over mirror images."""

import pytest
import torch

from engine.config import Network, load_run
from engine.data import prepare
from engine.errors import ConfigError
from engine.models import Purpose, build
from engine.recipes import build_plan
from engine.recipes.ensemble import mean_answer, opinions
from tests.engine.planning import first_batches, planned
from tests.networks import TINY

NARROW = {**TINY, "weights": "none"}
MEAN, STD = [100.0, 90.0, 90.0], [50.0, 40.0, 40.0]
MIRRORS = [], [-1], [-2], [-1, -2]


@pytest.fixture(params=[{}, {"detection_head": "retinanet"}, {"light": True, "detection_strides": [4, 8]}])
def network(request):
    spec = Network(**{**NARROW, "detection_strides": [8, 64], **request.param})
    network = build(spec, Purpose(("detection", "segmentation"), MEAN, STD, 2, 3), seed=0).eval()
    # Boxes of random weights hardly differ from place to place.
    generator = torch.Generator().manual_seed(1)
    for name, parameter in network.detection_head.named_parameters():
        if "boxes" in name or "classes" in name:
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=generator)
    return network


def image():
    return torch.rand(2, 3, 64, 128, generator=torch.Generator().manual_seed(0)) * 255


def test_it_is_the_mean_of_what_is_found_in_each_mirror_image(network):
    """Boxes are compared as places in the image, mirrored by hand; no head's coding is trusted."""
    mean = mean_answer(opinions(network, image(), mirrored=True))
    areas, scores, corners = 0, [], []
    for axes in MIRRORS:
        with torch.no_grad():
            outputs = network(image().flip(axes) if axes else image())
        areas = areas + outputs.segmentation.softmax(1).flip(axes) / 4
        found = outputs.detections
        boxes = network.detection_head.boxes(found).clone()
        places = (found.anchors[:, :2] + found.anchors[:, 2:]) / 2
        for axis, side in ((-1, 128), (-2, 64)):
            if axis in axes:
                low, high = (0, 2) if axis == -1 else (1, 3)
                boxes[..., [low, high]] = side - boxes[..., [high, low]]
                places[:, low] = side - places[:, low]
        shapes = found.anchors[:, 2:] - found.anchors[:, :2]
        there = (found.anchors[:, :2] + found.anchors[:, 2:]) / 2
        levels = torch.repeat_interleave(
            torch.arange(len(found.shapes)), torch.tensor([h * w * found.per_location for h, w in found.shapes])
        )
        order = match(torch.cat([there, shapes, levels[:, None]], 1), torch.cat([places, shapes, levels[:, None]], 1))
        scores.append(found.logits.sigmoid()[:, order])
        corners.append(boxes[:, order])
    torch.testing.assert_close(mean.segmentation.softmax(1), areas, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(mean.detections.logits.sigmoid(), sum(scores) / 4, atol=1e-5, rtol=1e-4)
    weights = torch.stack(scores).amax(-1, keepdim=True)
    expected = weighted_boxes(torch.stack(corners), weights, sizes_as_logarithms=found.centerness is None)
    torch.testing.assert_close(network.detection_head.boxes(mean.detections), expected, atol=1e-2, rtol=1e-4)
    assert (torch.stack(corners).amax(0) - torch.stack(corners).amin(0)).max() > 1, "else nothing is averaged"


def weighted_boxes(boxes, weights, sizes_as_logarithms):
    """The mean over the first dimension, of corners, or of centres and of the sizes' logarithms."""

    def mean(values):
        return (weights * values).sum(0) / weights.sum(0)

    if not sizes_as_logarithms:
        return mean(boxes)
    low, high = boxes[..., :2], boxes[..., 2:]
    centre, half = mean((low + high) / 2), mean((high - low).log()).exp() / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def match(wanted, given):
    """For each row the index of the equal row of another table."""
    distances = torch.cdist(wanted.double(), given.double())
    assert distances.amin(1).max() < 1e-3
    return distances.argmin(1)


def test_levels_that_do_not_divide_the_chip_are_refused(make_run):
    teacher = {**NARROW, "detection_strides": [8, 64]}
    recipe = {"kind": "partial_multitask", "student": teacher, "mirrored_answers": True}
    recipe |= {"detection_teacher": teacher, "segmentation_teacher": NARROW}
    run = load_run(make_run(recipe, chip_size=96))
    with pytest.raises(ConfigError, match="multiple of 64, and"):
        build_plan(run, prepare(run))


@pytest.mark.parametrize("kind", ["partial_multitask", "distil"])
def test_recipes_ask_for_the_mirror_images_where_told(make_run, make_package, kind):
    small = {**NARROW, "detection_strides": [8]}
    recipe = {"kind": kind, "student": small, "mirrored_answers": True}
    if kind == "distil":
        recipe["package"] = str(make_package())
    else:
        recipe |= {"detection_teacher": small, "segmentation_teacher": small}
    run, prepared, plan = planned(make_run(recipe))
    stage = plan.stages[-1]
    plan.enter(stage)
    seen = dict.fromkeys(stage.frozen_teachers, 0)
    for name in stage.frozen_teachers:
        plan.networks[name].register_forward_hook(lambda *_, name=name: seen.__setitem__(name, seen[name] + 1))
    batches = first_batches(run, prepared, stage)
    stage.losses(plan.networks, batches, 1.0)
    assert set(seen.values()) == {8}, "four views of two batches each"
