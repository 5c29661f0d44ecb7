"""Small networks and recipes, and what a run folder is planned to do."""

from engine.config import load_run
from engine.data import prepare, training_loader
from engine.models.storage import save_weights
from engine.recipes import best_weights, build_plan
from tests.networks import NARROW, TEACHER

MULTITASK = {
    "kind": "partial_multitask",
    "student": NARROW,
    "detection_teacher": TEACHER,
    "segmentation_teacher": TEACHER,
}
SSLKD = {
    "kind": "semi_supervised",
    "student": NARROW,
    "first_teacher": TEACHER,
    "second_teacher": {"architecture": "unet", "encoder": "tu-test_efficientnet"},
}


def planned(folder):
    """A folder's run, its prepared sources and its plan."""
    run = load_run(folder)
    prepared = prepare(run)
    return run, prepared, build_plan(run, prepared)


def first_batches(run, prepared, stage):
    """The first batch of each of a stage's roles, without the stage's own choice of chips."""
    return {role: next(iter(training_loader(prepared, run, role))).to("cpu") for role in stage.roles}


def save_best(folder, name, network):
    """A network's weights where a run keeps its best ones."""
    path = best_weights(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_weights(network.state_dict(), path)
