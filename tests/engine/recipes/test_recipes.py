import copy

import pytest
import torch

from engine.config import load_run
from engine.data import prepare, training_loader
from engine.errors import ConfigError
from engine.recipes import build_plan
from engine.recipes.together import forward_together
from engine.training.checkpoints import save_best
from engine.training.loop import _freeze

NARROW = {"encoder": "mobilenet_v2", "width": 32, "detection_strides": [8]}
TEACHER = {"encoder": "tu-resnet10t", "width": 64, "detection_strides": [8]}
MULTITASK = {
    "kind": "partial_multitask",
    "student": NARROW,
    "detection_teacher": TEACHER,
    "segmentation_teacher": TEACHER,
    "ramp_up": 0,
}
SSLKD = {
    "kind": "semi_supervised",
    "student": NARROW,
    "first_teacher": TEACHER,
    "second_teacher": {"architecture": "unet", "encoder": "mobilenet_v2"},
    "confidence": 0.0,
    "agreement": False,
}
ALL = ("detection", "segmentation", "unlabelled")


class Scene:
    """A run's plan with one batch of each role of its last stage."""

    def __init__(self, folder):
        self.run = load_run(folder)
        self.prepared = prepare(self.run)
        self.plan = build_plan(self.run, self.prepared)
        self.stage = self.plan.stages[-1]
        _freeze(self.plan, self.stage)
        self.batches = {
            role: next(iter(training_loader(self.prepared, self.run, role, views=self.stage.views))).to("cpu")
            for role in self.stage.roles
        }

    def losses(self, progress=1.0, batches=None):
        return self.stage.losses(self.plan.networks, batches or self.batches, progress)


@pytest.fixture
def scene(make_run):
    def make(recipe, roles=ALL[:2], **training):
        return Scene(make_run(recipe, roles=roles, **training))

    return make


@pytest.mark.parametrize("kinds", [["soft"], ["feature"], ["pdf"], ["soft", "feature", "pdf"]])
def test_distillation_reaches_the_student_and_never_a_teacher(scene, kinds):
    found = scene({**MULTITASK, "distillation": kinds})
    before = {name: copy.deepcopy(found.plan.networks[name].state_dict()) for name in found.stage.asks}
    losses = found.losses()
    taught = {name: value for name, value in losses.items() if "/detection " in name or "/segmentation " in name}
    assert len(taught) >= 2 * len(kinds)
    sum(taught.values()).backward()
    student = found.plan.networks["student"]
    assert all(parameter.grad is not None for parameter in student.neck.parameters())
    assert sum(parameter.grad.abs().sum() for parameter in student.encoder.parameters()) > 0
    for name in found.stage.asks:
        assert all(parameter.grad is None for parameter in found.plan.networks[name].parameters())
        after = found.plan.networks[name].state_dict()
        assert all(torch.equal(value, after[key]) for key, value in before[name].items())


def test_weights_of_zero_are_the_vanilla_step_bit_by_bit(scene):
    zero = {"soft_segmentation": 0, "soft_detection": 0, "feature": 0, "pdf": 0}
    taught = scene({**MULTITASK, "distillation": ["soft", "feature", "pdf"], "weights": zero})
    vanilla = scene({**MULTITASK, "distillation": []})
    assert set(vanilla.plan.networks) == {"student"}
    for each in (taught, vanilla):
        torch.manual_seed(0)
        sum(each.losses().values()).backward()
    pairs = zip(
        taught.plan.networks["student"].parameters(), vanilla.plan.networks["student"].parameters(), strict=True
    )
    for mine, theirs in pairs:
        assert (mine.grad is None) == (theirs.grad is None)
        assert mine.grad is None or torch.equal(mine.grad, theirs.grad)


def test_distillation_on_the_own_task_too_is_an_option(scene):
    names = set(scene({**MULTITASK, "on_own_task": True}).losses())
    assert {"detection/detection soft", "segmentation/segmentation soft"} <= names
    assert not {"detection/detection soft", "segmentation/segmentation soft"} & set(scene(MULTITASK).losses())


def test_both_teachers_speak_on_unlabelled_ground_when_asked(scene):
    names = set(scene({**MULTITASK, "unlabelled": True}, ALL).losses())
    assert {"unlabelled/detection soft", "unlabelled/segmentation soft"} <= names


def test_the_ramp_scales_distillation_and_leaves_labels_alone(scene):
    found = scene({**MULTITASK, "ramp_up": 0.5})
    found.plan.networks["student"].eval()
    with torch.no_grad():
        early, late = found.losses(0.0), found.losses(1.0)
    assert early["segmentation/detection soft"] < 0.1 * late["segmentation/detection soft"]
    assert torch.equal(early["segmentation/cross_entropy"], late["segmentation/cross_entropy"])


def test_teachers_learn_first_each_on_its_own_task(scene):
    plan = scene(MULTITASK).plan
    assert [(stage.name, stage.roles) for stage in plan.stages] == [
        ("detection_teacher", ("detection",)),
        ("segmentation_teacher", ("segmentation",)),
        ("student", ("detection", "segmentation")),
    ]
    assert sum(stage.share for stage in plan.stages) == pytest.approx(1)
    assert plan.networks["detection_teacher"].tasks == ("detection",)
    assert plan.networks["student"].tasks == ("detection", "segmentation")


def test_sslkd_trains_all_three_with_all_four_terms(scene):
    found = scene(SSLKD, ALL[1:])
    losses = found.losses()
    for words in ("cross_entropy", "cross supervision", "pseudo-labels", "soft", "feature"):
        assert any(words in name for name in losses), words
    sum(losses.values()).backward()
    for name in ("student", "first_teacher", "second_teacher"):
        grads = [p.grad for p in found.plan.networks[name].parameters() if p.grad is not None]
        assert sum(grad.abs().sum() for grad in grads) > 0, name


def test_in_sslkd_what_the_student_is_taught_does_not_move_the_teachers(scene):
    found = scene(SSLKD, ALL[1:])
    losses = found.losses()
    sum(value for name, value in losses.items() if "pseudo" in name or "soft" in name or "/feature" in name).backward()
    for name in ("first_teacher", "second_teacher"):
        assert all(parameter.grad is None for parameter in found.plan.networks[name].parameters())


def test_the_student_sees_the_strong_view_and_the_teachers_the_weak_one(scene):
    found = scene(SSLKD, ALL[1:])
    batch, seen = found.batches["unlabelled"], {}
    assert not torch.equal(batch.strong, batch.image)
    for name in ("student", "first_teacher", "second_teacher"):
        found.plan.networks[name].register_forward_pre_hook(
            lambda module, arguments, name=name: seen.update({name: arguments[0][len(batch.image) :]})
        )
    found.losses()
    assert torch.equal(seen["student"], batch.strong)
    assert torch.equal(seen["first_teacher"], batch.image)
    assert torch.equal(seen["second_teacher"], batch.image)


def test_roles_pass_the_encoder_as_one_batch_and_get_their_own_answers(scene):
    found = scene({**MULTITASK, "distillation": []})
    student = found.plan.networks["student"].eval()
    images = {role: batch.image for role, batch in found.batches.items()}
    whole = torch.cat(list(images.values()))
    with torch.no_grad():
        expected = student(whole)
        for tasks in ({role: (role,) for role in images}, dict.fromkeys(images, student.tasks)):
            outputs = forward_together(student, images, tasks)
            mine = outputs["segmentation"].segmentation
            assert torch.allclose(mine, expected.segmentation[len(images["detection"]) :], atol=1e-4)
            logits = outputs["detection"].detections.logits
            assert torch.allclose(logits, expected.detections.logits[: len(images["detection"])], atol=1e-4)
    assert outputs["detection"].segmentation is not None
    assert forward_together(student, images, {role: (role,) for role in images})["detection"].segmentation is None


@pytest.mark.parametrize(
    "recipe, roles, words",
    [
        (MULTITASK, ("detection",), "one role is missing"),
        (SSLKD, ("segmentation",), "unlabelled"),
        (SSLKD, ("unlabelled", "detection"), "segmentation"),
        ({**SSLKD, "second_teacher": TEACHER}, ALL[1:], "same network"),
        ({"kind": "supervised", "tasks": ["detection"]}, ("segmentation",), "detection"),
        ({"kind": "supervised"}, ("unlabelled",), "detection or segmentation"),
        ({**MULTITASK, "unlabelled": True}, ALL[:2], "unlabelled"),
    ],
)
def test_a_recipe_that_does_not_fit_its_sources_says_so(make_run, recipe, roles, words):
    run = load_run(make_run(recipe, roles=roles))
    with pytest.raises(ConfigError, match=words):
        build_plan(run, prepare(run))


def test_teachers_of_an_earlier_run_are_taken_and_must_fit(make_run, tmp_path):
    first = make_run(MULTITASK, "first")
    found = Scene(first)
    for name in found.stage.asks:
        save_best(first, name, found.plan.networks[name])
    run = load_run(make_run({**MULTITASK, "teachers_from": str(first)}, "second"))
    plan = build_plan(run, prepare(run))
    assert [stage.name for stage in plan.stages] == ["student"]
    for name in found.stage.asks:
        mine, theirs = (each.networks[name].state_dict() for each in (plan, found.plan))
        assert all(torch.equal(value, theirs[key]) for key, value in mine.items())
    wider = {**MULTITASK, "detection_teacher": {**TEACHER, "width": 32}, "teachers_from": str(first)}
    run = load_run(make_run(wider, "third"))
    with pytest.raises(ConfigError, match="another network"):
        build_plan(run, prepare(run))
    run = load_run(make_run({**MULTITASK, "teachers_from": str(tmp_path / "second")}, "fourth"))
    with pytest.raises(ConfigError, match="no trained detection_teacher"):
        build_plan(run, prepare(run))
