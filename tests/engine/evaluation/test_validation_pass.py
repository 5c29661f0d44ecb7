import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from engine.config import load_run
from engine.data import prepare, validation_batches
from engine.evaluation.centre_lines import LineCounts, line_counts
from engine.evaluation.validation_pass import described_sources, validation_pass
from engine.recipes import build_plan
from engine.training.validation import Validator
from engine.types import Objects, Outputs
from tests.networks import NARROW


@pytest.fixture
def started(make_run):
    run = load_run(make_run({"kind": "supervised", "network": NARROW}))
    prepared = prepare(run)
    torch.manual_seed(0)
    return run, prepared, build_plan(run, prepared).networks["student"].eval()


def test_it_agrees_with_the_validation_that_chose_the_weights(started):
    run, prepared, network = started
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    scores = Validator(run, prepared, fabric).score(network)
    found = validation_pass(network, run, prepared, score_threshold=0.1)
    matrix = torch.tensor(found["segmentation"].values["confusion"]["matrix"]).double()
    iou = matrix.diagonal() / (matrix.sum(0) + matrix.sum(1) - matrix.diagonal())
    assert iou.mean().item() == pytest.approx(scores["segmentation/mean_iou"])
    assert found["detection"].values["objects"]["car"] > 0


class Knowing(torch.nn.Module):
    """Finds every labelled object of the validation chips, whether the ground under it counts or not."""

    tasks = ("detection",)

    def __init__(self, batches):
        super().__init__()
        self.known = {
            hash(image.float().numpy().tobytes()): (boxes, labels)
            for batch in batches
            for image, boxes, labels in zip(batch.image, batch.boxes, batch.labels, strict=True)
        }

    @property
    def detection_head(self):
        return self

    def forward(self, image, tasks=None):
        return Outputs(detections=[self.known[hash(each.numpy().tobytes())] for each in image])

    def decode(self, detections, *_):
        return [Objects(boxes, labels, torch.linspace(1, 0.6, len(boxes))) for boxes, labels in detections]


def test_perfect_detections_are_perfect_in_training_and_report_whatever_the_split(make_run):
    run = load_run(make_run({"kind": "supervised"}, roles=("detection",)))
    fabric, uncounted = Fabric(accelerator="cpu", devices=1, precision="32-true"), 0
    for seed in range(10):
        split = {"seed": seed, "block_size": float(np.random.default_rng(seed).uniform(16, 24)), "validation": 0.5}
        run = run.model_copy(update={"split": run.split.model_copy(update=split)})
        prepared = prepare(run)
        batches = list(validation_batches(prepared, run, "detection"))
        network = Knowing(batches).eval()
        scores = Validator(run, prepared, fabric).score(network)
        assert scores["detection/ap50"] == scores["detection/ap"] == scores["detection/f1"] == pytest.approx(1)
        values = validation_pass(network, run, prepared, score_threshold=0.5)["detection"].values
        assert values["curves"]["car"]["precision"][-1] == values["curves"]["car"]["recall"][-1] == 1
        assert 0 < values["objects"]["car"] == values["detections"]["car"]
        uncounted += sum(len(boxes) for batch in batches for boxes in batch.boxes) - values["objects"]["car"]
    assert uncounted > 0, "the splits leave objects on ground that does not count"


def test_the_worst_chips_score_no_better_than_the_best_and_none_is_both(started):
    run, prepared, network = started
    found = validation_pass(network, run, prepared, score_threshold=0.1)["segmentation"]
    assert max(chip.score for chip in found.worst) <= min(chip.score for chip in found.best)
    assert not {id(chip) for chip in found.worst} & {id(chip) for chip in found.best}
    assert found.best[0].truth["mask"].shape == found.best[0].prediction["mask"].shape


def test_sources_are_described_with_their_ground_and_labels_on_both_sides(started):
    run, prepared, _ = started
    detection, segmentation = described_sources(prepared, run)
    assert detection["area_m2"] == pytest.approx(128 * 128, rel=1e-2) and detection["unit"] == "objects"
    assert 0 < detection["validation_m2"] < detection["training_m2"] < detection["area_m2"]
    counts = segmentation["labels"]["roof"]
    assert 0 < counts["validation"] < counts["training"] <= prepared.label_counts["segmentation"]["roof"]
    assert detection["outlines"]["training"]
    assert max(map(max, detection["outlines"]["raster"][0])) == pytest.approx(128, rel=1e-2)


def test_classes_that_are_to_stay_connected_are_judged_as_lines_chip_by_chip(started):
    run, prepared, network = started
    assert "lines" not in validation_pass(network, run, prepared, score_threshold=0.1)["segmentation"].values
    recipe = run.recipe.model_copy(update={"cldice": 0.5})
    connected = run.model_copy(update={"recipe": recipe})
    lines = validation_pass(network, connected, prepared, 0.1)["segmentation"].values["lines"]
    total = LineCounts()
    with torch.inference_mode():
        for batch in validation_batches(prepared, run, "segmentation"):
            for image, mask in zip(batch.image, batch.mask.numpy(), strict=True):
                chip = network(image[None].float(), tasks=("segmentation",)).segmentation.argmax(1)[0].numpy()
                known = mask != 255
                total += line_counts((chip == 1) & known, (mask == 1) & known, 3.0 / prepared.gsd)
    assert lines == {"roof": total.scores()} and total.true > 0
