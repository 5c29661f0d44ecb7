import copy
import json

import pytest
import torch

from engine import distillation as D
from engine.config import DistillationWeights, load_run, save_run
from engine.data import Draw, prepare, training_loader
from engine.errors import ConfigError
from engine.recipes import build_plan, ema_of, teachers_identity
from engine.recipes.views import forward_together, labelled
from engine.training.best import BestWeights
from engine.training.optimizer import averaged
from tests.engine import planning
from tests.networks import NARROW, TEACHER

MULTITASK = {**planning.MULTITASK, "ramp_up": 0}
SSLKD = {**planning.SSLKD, "confidence": 0.0, "agreement": False}
ALL = ("detection", "segmentation", "unlabelled")
UNET = SSLKD["second_teacher"]
COARSER = {**TEACHER, "detection_strides": [8, 64]}


class Scene:
    """A run's plan with one batch of each role of its last stage."""

    def __init__(self, folder):
        self.run = load_run(folder)
        self.prepared = prepare(self.run)
        self.plan = build_plan(self.run, self.prepared)
        self.stage = self.plan.stages[-1]
        self.plan.enter(self.stage)
        self.batches = {
            role: next(iter(training_loader(self.prepared, self.run, role, Draw(views=role in self.stage.views)))).to(
                "cpu"
            )
            for role in self.stage.roles
        }

        averages = {ema_of(name): averaged(self.plan.networks[name], 0.9).module for name in self.stage.validated}
        self.networks = {**self.plan.networks, **averages}

    def losses(self, progress=1.0, batches=None):
        return self.stage.losses(self.networks, batches or self.batches, progress)

    def trained(self, name):
        """Whether gradients have arrived in a network."""
        found = [parameter.grad for parameter in self.networks[name].parameters() if parameter.grad is not None]
        return sum(float(gradient.abs().sum()) for gradient in found) > 0


@pytest.fixture
def scene(make_run):
    def make(recipe, roles=ALL[:2], **training):
        return Scene(make_run(recipe, roles=roles, **training))

    return make


KINDS = ["soft", "feature", "pdf", "pdf_plus", "pkd", "crosskd"]


@pytest.mark.parametrize("kinds", [["soft"], KINDS])
def test_distillation_reaches_the_student_and_never_a_teacher(scene, kinds):
    found = scene({**MULTITASK, "distillation": kinds})
    before = {name: copy.deepcopy(found.plan.networks[name].state_dict()) for name in found.stage.frozen_teachers}
    losses = found.losses()
    taught = {name: value for name, value in losses.items() if "/detection " in name or "/segmentation " in name}
    words = {kind.replace("_", " ") for kind in kinds}
    assert all(any(word in name for name in taught) for word in words)
    sum(taught.values()).backward()
    student = found.plan.networks["student"]
    assert all(parameter.grad is not None for parameter in student.neck.laterals[:-1].parameters())
    assert sum(p.grad.abs().sum() for p in student.encoder.parameters() if p.grad is not None) > 0
    for name in found.stage.frozen_teachers:
        assert all(parameter.grad is None for parameter in found.plan.networks[name].parameters())
        after = found.plan.networks[name].state_dict()
        assert all(torch.equal(value, after[key]) for key, value in before[name].items())


def test_weights_of_zero_are_the_vanilla_step_bit_by_bit(scene):
    zero = dict.fromkeys(DistillationWeights.model_fields, 0)
    weak = {"weak_labels": True, "weak_classes": {"car": "roof"}}
    taught = scene({**MULTITASK, "distillation": KINDS, "weights": zero, **weak})
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
    own = {"detection/detection soft", "segmentation/segmentation soft"}
    assert own <= set(scene({**MULTITASK, "on_own_task": True}).losses())
    assert not own & set(scene({**MULTITASK, "on_own_task": False}).losses())


@pytest.mark.parametrize("roles", [ALL[:2], ALL])
def test_norms_may_know_imagery_that_is_not_labelled_for_them(scene, roles):
    recipe = {"kind": "supervised", "tasks": ["detection"], "network": {**NARROW, "weights": "none"}}
    found = scene({**recipe, "all_imagery": True}, roles)
    assert found.stage.roles == roles and all(name.startswith("detection/") for name in found.losses())
    network = found.plan.networks["student"]
    norm = next(module for module in network.encoder.modules() if isinstance(module, torch.nn.BatchNorm2d))
    seen = []
    norm.register_forward_hook(lambda module, given, output: seen.append(given[0]))
    found.losses()
    images = torch.cat([found.batches[role].image for role in roles])
    assert [each.shape[0] for each in seen] == [len(images)], "one pass: their statistics are of all together"
    assert len(scene(recipe, roles).stage.roles) == 1


def test_teachers_may_know_imagery_that_is_not_labelled_for_them(scene):
    stages = scene({**MULTITASK, "all_imagery": True}, ALL).plan.stages
    assert [stage.roles for stage in stages[:2]] == [ALL, ("segmentation", "detection", "unlabelled")]
    assert [stage.roles for stage in scene(MULTITASK, ALL).plan.stages[:2]] == [("detection",), ("segmentation",)]


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
    """Averages answer on weak views, and what learns from them sees strong ones; without, teachers see weak ones."""
    for averages in (True, False):
        found = scene({**SSLKD, "cutmix": 0, "ema_teachers": averages}, ALL[1:])
        batch, seen = found.batches["unlabelled"], {}
        assert not torch.equal(batch.strong, batch.image)
        for name in ("student", "first_teacher", ema_of("first_teacher")):
            found.networks[name].register_forward_pre_hook(
                lambda module, arguments, seen=seen, name=name: seen.update({name: arguments[0][-4:]})
            )
        found.losses()
        assert torch.equal(seen["student"], batch.strong)
        assert torch.equal(seen["first_teacher"], batch.strong if averages else batch.image)
        assert torch.equal(seen.get(ema_of("first_teacher"), batch.image), batch.image)
        assert (ema_of("first_teacher") in seen) == averages


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
        ({"kind": "baseline", "method": "fixmatch"}, ("segmentation",), "unlabelled"),
        ({"kind": "supervised", "thin_classes": ["river"]}, ("segmentation",), "river"),
        ({**MULTITASK, "weak_labels": True}, ALL[:2], "weak_classes"),
        ({**MULTITASK, "weak_labels": True, "weak_classes": {"lorry": "roof"}}, ALL[:2], "lorry"),
        ({**MULTITASK, "co_training": True, "distillation": []}, ALL[:2], "co_training"),
        ({**MULTITASK, "segmentation_teacher": UNET, "distillation": ["pkd"]}, ALL[:2], "feature pyramid"),
        ({**MULTITASK, "detection_teacher": COARSER, "distillation": ["crosskd"]}, ALL[:2], "detection_strides"),
    ],
)
def test_a_recipe_that_does_not_fit_its_sources_says_so(make_run, recipe, roles, words):
    run = load_run(make_run(recipe, roles=roles))
    with pytest.raises(ConfigError, match=words):
        build_plan(run, prepare(run))


def test_teachers_of_an_earlier_run_are_taken_and_must_fit(make_run, tmp_path):
    first = make_run(MULTITASK, "first")
    found = Scene(first)
    for name in found.stage.frozen_teachers:
        BestWeights(first).take(name, found.plan.networks[name])
    run = load_run(make_run({**MULTITASK, "teachers_from": str(first)}, "second"))
    plan = build_plan(run, prepare(run))
    assert [stage.name for stage in plan.stages] == ["student"]
    for name in found.stage.frozen_teachers:
        mine, theirs = (each.networks[name].state_dict() for each in (plan, found.plan))
        assert all(torch.equal(value, theirs[key]) for key, value in mine.items())
    wider = {**MULTITASK, "detection_teacher": {**TEACHER, "width": 32}, "teachers_from": str(first)}
    run = load_run(make_run(wider, "third"))
    with pytest.raises(ConfigError, match="another network"):
        build_plan(run, prepare(run))
    run = load_run(make_run({**MULTITASK, "teachers_from": str(tmp_path / "second")}, "fourth"))
    with pytest.raises(ConfigError, match="no trained detection_teacher"):
        build_plan(run, prepare(run))


def test_a_teacher_that_no_run_is_named_for_is_trained(make_run, tmp_path):
    first = make_run(MULTITASK, "first")
    theirs = Scene(first).plan.networks["detection_teacher"]
    BestWeights(first).take("detection_teacher", theirs)
    run = load_run(make_run({**MULTITASK, "teachers_from": {"detection_teacher": str(first)}}, "second"))
    prepared = prepare(run)
    plan = build_plan(run, prepared)
    assert [(stage.name, stage.trainable[:1]) for stage in plan.stages] == [
        ("segmentation_teacher", ("segmentation_teacher",)),
        ("student", ("student",)),
    ]
    assert sum(stage.share for stage in plan.stages) == pytest.approx(1)
    mine = plan.networks["detection_teacher"].state_dict()
    assert all(torch.equal(value, mine[key]) for key, value in theirs.state_dict().items())
    assert teachers_identity(run, prepared, plan, set()) is None, "half of them are nobody else's"
    run.recipe.teachers_from = {"first_teacher": str(first)}
    words = "no teacher first_teacher in this recipe; recipe.teachers_from can name detection_teacher and seg"
    with pytest.raises(ConfigError, match=words):
        build_plan(run, prepared)


@pytest.mark.parametrize("stated", [True, False], ids=["in its run file", "in its card"])
@pytest.mark.parametrize(
    "changes, words",
    [({"gsd": 1.0}, "1 m per pixel, and this run at 0.5"), ({"bands": [3, 2, 1]}, r"bands \[3, 2, 1\], and this run")],
)
def test_a_teacher_of_other_imagery_is_refused(make_run, tmp_path, stated, changes, words):
    first = make_run(MULTITASK, "first")
    if stated:
        save_run(load_run(first).model_copy(update=changes), first)
    else:
        card = {"bands": [1, 2, 3], "gsd": 0.5} | changes
        (first / "model").mkdir()
        (first / "model/item.json").write_text(json.dumps({"properties": {"geodistil:card": card}}))
    run = load_run(make_run({**MULTITASK, "teachers_from": str(first)}, "second"))
    with pytest.raises(ConfigError, match=words):
        build_plan(run, prepare(run))


def test_a_teacher_of_other_classes_is_refused(make_run):
    first = make_run(MULTITASK, "first")
    other = load_run(first)
    other.segmentation_classes[0].name = "tree"
    save_run(other, first)
    run = load_run(make_run({**MULTITASK, "teachers_from": str(first)}, "second"))
    with pytest.raises(ConfigError, match="segmentation_classes"):
        build_plan(run, prepare(run))


@pytest.mark.parametrize("strides", [[4], [8, 16]])
def test_detection_answers_are_compared_where_the_teacher_finds_something_or_everywhere(scene, strides):
    """Dense terms are those of the loss functions on decoded boxes; who finds nothing asks for background."""
    networks = {name: {**MULTITASK[name], "detection_strides": strides} for name in ("student", "detection_teacher")}
    found = scene({**MULTITASK, **networks, "on_own_task": False})
    teacher, student = found.plan.networks["detection_teacher"], found.plan.networks["student"]
    prefix = "segmentation/detection "

    def terms():
        return {key[len(prefix) :]: value for key, value in found.losses().items() if key.startswith(prefix)}

    assert set(terms()) == {"soft", "soft box", "soft centerness"}
    torch.nn.init.constant_(teacher.detection_head.classifier.bias, -20.0)
    sure_of_nothing = terms()
    assert sure_of_nothing["soft box"] == sure_of_nothing["soft centerness"] == 0 < sure_of_nothing["soft"]
    torch.nn.init.constant_(teacher.detection_head.classifier.bias, 3.0)
    batch, weight = found.batches["segmentation"], found.run.recipe.weights.soft_detection
    with torch.no_grad():
        theirs = teacher(batch.image, ("detection",)).detections
        images = {role: each.image for role, each in found.batches.items()}
        outputs = forward_together(student, images, dict.fromkeys(images, ("detection", "segmentation")))
    mine = outputs["segmentation"].detections
    valid = D.anchors_valid(mine.anchors, batch.valid)
    boxes, wanted = (student.detection_head.boxes(each) for each in (mine, theirs))
    centers = D.Targets(theirs.centerness, theirs.logits)
    expected = {
        "soft": D.dense_classification(mine.logits, theirs.logits, valid),
        "soft box": D.dense_boxes(boxes, D.Targets(wanted, theirs.logits), valid),
        "soft centerness": D.soft_centerness(mine.centerness, centers, valid, D.FOUND),
    }
    assert {key: value.item() for key, value in terms().items()} == {
        key: pytest.approx(weight * value.item(), rel=1e-4) for key, value in expected.items()
    }
    found = scene({**MULTITASK, **networks, "on_own_task": False, "soft_detection": "all"})
    assert set(terms()) == {"soft", "soft box"}


@pytest.mark.parametrize("form", ["dist", "cwd"])
def test_segmentation_answers_can_be_compared_in_other_forms(scene, form):
    values = {}
    for each in ("kl", form):
        found = scene({**MULTITASK, "soft_segmentation": each})
        found.plan.networks["student"].eval()
        values[each] = found.losses()["detection/segmentation soft"].item()
    assert values[form] > 0 and values[form] != values["kl"]


def test_teachers_that_go_on_learning_do_so_from_labels_and_their_own_averages(scene):
    found = scene({**MULTITASK, "co_training": True, "unlabelled": True, "strong_views": True}, ALL)
    losses = found.losses()
    assert {"unlabelled/detection_teacher soft", "unlabelled/segmentation_teacher soft"} <= set(losses)
    sum(losses.values()).backward()
    assert all(found.trained(name) for name in found.stage.validated)
    assert not any(found.trained(ema_of(name)) for name in found.stage.validated)


def test_under_bfloat16_teachers_without_averages_still_learn(scene):
    """Autocast keeps weights that it has cast; asked without gradients first, a network would get none."""
    for recipe, roles in (
        ({**MULTITASK, "co_training": True, "ema_teachers": False}, ALL[:2]),
        ({**SSLKD, "ema_teachers": False}, ALL[1:]),
        ({"kind": "baseline", "method": "unimatch", "student": NARROW}, ALL[1:]),
    ):
        found = scene(recipe, roles)
        with torch.autocast("cpu", torch.bfloat16):
            losses = found.losses()
        sum(losses.values()).backward()
        assert all(found.trained(name) for name in found.stage.validated), recipe["kind"]


def test_weak_labels_teach_the_task_that_a_batch_has_no_labels_of(scene):
    weak = {"weak_labels": True, "weak_classes": {"car": "roof"}, "distillation": []}
    found = scene({**MULTITASK, **weak})
    losses = found.losses()
    assert {"segmentation/detection weak classification", "detection/segmentation weak"} <= set(losses)
    losses["detection/segmentation weak"].backward()
    assert found.plan.networks["student"].segmentation_head.classify.weight.grad.abs().sum() > 0


BASELINES = ["mean_teacher", "cps", "fixmatch", "unimatch"]


@pytest.mark.parametrize("method", BASELINES)
def test_a_baseline_learns_from_labels_and_without(scene, method):
    found = scene({"kind": "baseline", "method": method, "student": NARROW, "confidence": 0.0, "ramp_up": 0.5}, ALL[1:])
    losses = found.losses()
    key = f"unlabelled/{method.replace('_', ' ')}"
    assert "segmentation/student cross_entropy" in losses and losses[key] > 0
    losses[key].backward()
    assert all(found.trained(name) for name in found.stage.trainable)
    assert not found.trained(ema_of("student"))
    assert found.losses(0.0)[key] < 0.1 * losses[key]


def test_cps_trains_two_networks_of_different_seeds(scene):
    found = scene({"kind": "baseline", "method": "cps", "student": NARROW}, ALL[1:])
    assert found.stage.trainable == ("student", "twin")
    mine, theirs = (next(found.networks[name].neck.parameters()) for name in found.stage.trainable)
    assert not torch.equal(mine, theirs)


def test_plain_distillation_teaches_on_labelled_chips_only(scene):
    found = scene({"kind": "baseline", "method": "plain", "student": NARROW, "teacher": TEACHER}, ALL[1:2])
    assert [stage.roles for stage in found.plan.stages] == [("segmentation",)] * 2
    losses = found.losses()
    losses["segmentation/soft"].backward()
    assert found.trained("student") and not found.trained("teacher")


def test_frozen_teachers_of_an_earlier_run_teach_alone(make_run):
    first = make_run({"kind": "supervised", "network": TEACHER}, "first", roles=ALL[1:2])
    found = Scene(first)
    BestWeights(first).take("student", found.plan.networks["student"])
    second = make_run({**SSLKD, "teacher_share": 0.5}, "second", roles=ALL[1:])
    BestWeights(second).take("second_teacher", Scene(second).plan.networks["second_teacher"])
    folders = {"first_teacher": str(first), "second_teacher": str(second)}
    taught = Scene(make_run({**SSLKD, "co_training": False, "teachers_from": folders}, "third", roles=ALL[1:]))
    assert [(stage.name, stage.share) for stage in taught.plan.stages] == [("student", 1.0)]
    assert taught.stage.warm_started == ("first_teacher", "second_teacher")
    mine, theirs = (each.state_dict() for each in (taught.networks["first_teacher"], found.networks["student"]))
    assert all(torch.equal(value, theirs[key]) for key, value in mine.items())
    sum(taught.losses().values()).backward()
    assert taught.trained("student") and not taught.trained("first_teacher")


def test_every_second_labelled_chip_is_seen_strong(scene):
    found = scene({"kind": "supervised", "network": NARROW, "strong_views": True}, ALL[1:2])
    batch = found.batches["segmentation"]
    shown = labelled(batch, found.run.recipe).image
    assert torch.equal(shown[0::2], batch.image[0::2]) and torch.equal(shown[1::2], batch.strong[1::2])


def test_thin_classes_get_their_terms_by_name(scene):
    recipe = {"kind": "supervised", "network": NARROW, "dice": 0.5, "cldice": 0.5, "thin_classes": ["roof"]}
    assert {"segmentation/dice", "segmentation/cldice"} <= set(scene(recipe, ALL[1:2]).losses())


def test_pretraining_lets_every_trained_encoder_see_all_imagery_first(make_run):
    run = load_run(make_run(SSLKD, roles=ALL[1:], pretraining=0.25))
    plan = build_plan(run, prepare(run))
    first = plan.stages[0]
    assert first.roles == ("segmentation", "unlabelled")
    assert first.saved == ("first_teacher", "second_teacher", "student")
    assert [stage.share for stage in plan.stages] == pytest.approx([0.25, 0.375, 0.375])
    batches = {role: next(iter(training_loader(prepare(run), run, role))).to("cpu") for role in first.roles}
    torch.manual_seed(0)
    losses = first.losses(plan.networks, batches, 0.0)
    sum(losses.values()).backward()
    for name in first.saved:
        assert sum(float(p.grad.abs().sum()) for p in plan.networks[name].encoder.parameters() if p.grad is not None)
    for batch in batches.values():  # what does not count may hold anything
        batch.valid[:, :16] = False
    expected = first.losses(plan.networks, batches, 0.0)
    assert all(value.isfinite() for value in expected.values())
