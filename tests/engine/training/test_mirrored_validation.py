"""Weights chosen by answers averaged over mirror images, and scores of the package for a single look."""

import pytest
import torch
from lightning_fabric import Fabric

from engine.config import load_run
from engine.data import prepare, validation_batches
from engine.errors import ConfigError
from engine.events import EventLog
from engine.recipes import build_plan
from engine.recipes.ensemble import mean_answer, opinions
from engine.recipes.plan import PlannedRun
from engine.training import DetectionScore, Loop, SegmentationScore
from engine.training.validation import CANDIDATES, Validator
from tests.engine.planning import planned
from tests.networks import NARROW

RECIPE = {"kind": "supervised", "network": NARROW}
FLIPS = ((), (-1,), (-2,), (-1, -2))


def cpu():
    return Fabric(accelerator="cpu", devices=1, precision="32-true")


def find_roofs(network, run, prepared):
    """Have a network that has learned nothing call half of the pixels roofs, so that its looks differ."""
    head = [each for each in network.segmentation_head.modules() if getattr(each, "out_channels", 0) == 2][-1]
    some = next(iter(validation_batches(prepared, run, "segmentation"))).to("cpu").image
    with torch.no_grad():
        difference = network.eval()(some, tasks=("segmentation",)).segmentation.diff(dim=1).median()
        head.bias += torch.tensor([difference / 2, -difference / 2])


def test_areas_are_judged_by_the_mean_of_four_looks_and_boxes_as_mirrored_answers_have_them(make_run):
    run, prepared, plan = planned(make_run(RECIPE, mirrored_validation=True))
    network, boxes = plan.networks["student"].eval(), DetectionScore(["car"])
    areas, plain = (SegmentationScore(["background", "roof"]) for _ in range(2))
    find_roofs(network, run, prepared)
    with torch.inference_mode():
        for batch in validation_batches(prepared, run, "segmentation"):
            image = batch.to("cpu").image
            looks = [network(image.flip(f), tasks=("segmentation",)).segmentation.flip(f) for f in FLIPS]
            areas.update(sum(each.softmax(1) for each in looks), batch.mask)
            plain.update(looks[0], batch.mask)
        for batch in validation_batches(prepared, run, "detection"):
            found = mean_answer(opinions(network, batch.to("cpu").image, ("detection",), mirrored=True)).detections
            boxes.update(
                network.detection_head.decode(found, CANDIDATES, 0.5, 300), batch.boxes, batch.labels, batch.valid
            )
    validator = Validator(run, prepared, cpu())
    assert validator.score(network) == pytest.approx(areas.compute() | boxes.compute(), rel=1e-3)
    once = validator.score(network, mirrored=False)
    assert {key: once[key] for key in plain.compute()} == plain.compute() != areas.compute()


def test_the_package_has_the_scores_of_a_single_look(make_run, events):
    folder = make_run(RECIPE, mirrored_validation=True, learning_rate=1e-6, budget={"steps": 1}, batch_size=2)
    run = load_run(folder)
    prepared = prepare(run)
    plan = build_plan(run, prepared)
    find_roofs(plan.networks["student"], run, prepared)
    trained = Loop(PlannedRun(folder, run, prepared, plan), cpu(), EventLog(folder)).train()
    validator = Validator(run, prepared, cpu())
    assert trained.values == validator.score(trained.network, mirrored=False)
    (chosen,) = events(folder, "metrics")
    assert chosen["values"] == pytest.approx(validator.score(trained.network)) != trained.values


def test_chips_whose_mirror_images_have_other_anchors_are_refused(make_run):
    network = {**NARROW, "detection_strides": [64]}
    folder = make_run({**RECIPE, "network": network}, chip_size=96, mirrored_validation=True)
    with pytest.raises(ConfigError, match=r"training\.mirrored_validation needs chips whose side is a multiple of 64"):
        planned(folder)
