"""What segmentation learns from labels by, in the steps of every recipe that has them."""

import pytest
import torch
import torch.nn.functional as F

from engine.recipes.supervised import LabelTerms, supervised_losses
from engine.types import Batch, Outputs
from tests.engine.planning import MULTITASK, SSLKD, first_batches, planned
from tests.networks import NARROW

BOTH, AREAS = ("detection", "segmentation"), ("segmentation", "unlabelled")
FIXMATCH = {"kind": "baseline", "method": "fixmatch", "student": NARROW, "cutmix": 0, "strong_views": False}
RECIPES = {
    "supervised": ({"kind": "supervised", "network": NARROW}, BOTH, "segmentation/"),
    "partial_multitask": ({**MULTITASK, "co_training": True}, BOTH, "segmentation/"),
    "semi_supervised": ({**SSLKD, "cutmix": 0, "strong_views": False}, AREAS, "segmentation/student "),
    "baseline": (FIXMATCH, AREAS, "segmentation/student "),
}


@pytest.mark.parametrize("kind", RECIPES)
def test_every_recipe_with_labels_learns_by_what_is_asked_for(make_run, kind):
    recipe, roles, prefix = RECIPES[kind]

    def losses(form, **options):
        run, prepared, plan = planned(make_run({**recipe, **options}, form, roles))
        stage = plan.stages[-1]
        plan.enter(stage)
        values = stage.losses(plan.networks, first_batches(run, prepared, stage), 0.0)
        return plan, {key.removeprefix(prefix): value.item() for key, value in values.items() if prefix in key}

    found = {}
    for form in ("cross_entropy", "focal", "weighted", "auto"):
        plan, found[form] = losses(form, segmentation_loss=form)
        assert bool(plan.notes) == (form in ("weighted", "auto"))
    assert found["cross_entropy"] == losses("usual")[1], "off, a step is what it was, to the last bit"
    assert "focal" in found["focal"] and "cross_entropy" not in found["focal"]
    assert found["focal"]["focal"] < found["cross_entropy"]["cross_entropy"] != found["weighted"]["cross_entropy"]
    assert found["auto"]["cross_entropy"] == found["cross_entropy"]["cross_entropy"], "two classes, neither scarce"


def test_weights_are_those_of_torchs_own_cross_entropy():
    torch.manual_seed(0)
    logits, mask = torch.randn(2, 3, 8, 8), torch.randint(0, 3, (2, 8, 8))
    mask[0, :4] = 255
    batch = Batch("segmentation", torch.zeros(2, 3, 8, 8), mask != 255, mask=mask)
    losses = supervised_losses(None, Outputs(segmentation=logits), batch, LabelTerms(weights=(1.0, 3.0, 7.5)))
    expected = F.cross_entropy(logits, mask, torch.tensor([1.0, 3.0, 7.5]), ignore_index=255)
    assert losses["cross_entropy"].item() == pytest.approx(expected.item(), rel=1e-6)
