"""How unlabelled chips teach: thresholds by class and over time, and views with complementary channels."""

import pytest
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from safetensors.torch import load_file

from engine.config import load_run
from engine.data import prepare, training_loader
from engine.distillation import pseudo_labels
from engine.distillation.sslkd import MEMORY
from engine.events import EventLog
from engine.recipes import build_plan, ema_of
from engine.recipes.plan import PlannedRun
from engine.recipes.semi_supervised import TEACHERS, THRESHOLDS
from engine.recipes.views import CutMix, complementary, forward_together
from engine.training import Loop
from engine.training.checkpoints import fingerprint
from engine.training.optimizer import averaged
from tests.engine.planning import SSLKD
from tests.engine.training.fingerprints import as_first
from tests.networks import NARROW

ROLES = ("segmentation", "unlabelled")
NEW = {"thresholds": "adaptive", "complementary_dropout": True}
PLAIN = {**SSLKD, "confidence": 0.5, "agreement": False, "ramp_up": 0, "strong_views": False}


class Step:
    """The last stage of a run with one batch of each of its roles; every call is a step of the same random numbers."""

    def __init__(self, folder):
        run = load_run(folder)
        prepared = prepare(run)
        self.plan = build_plan(run, prepared)
        self.stage = self.plan.stages[-1]
        self.plan.enter(self.stage)
        averages = {ema_of(name): averaged(self.plan.networks[name], 0.9).module for name in self.stage.validated}
        self.networks = {**self.plan.networks, **averages}
        self.batches = {role: next(iter(training_loader(prepared, run, role))).to("cpu") for role in ROLES}
        self.unlabelled = self.batches["unlabelled"]
        self.unlabelled.valid[:, :20] = False

    def losses(self):
        torch.manual_seed(3)
        return self.stage.losses(self.networks, self.batches, 1.0)

    def answers(self):
        """Both teachers' averages' on the weak view."""
        with torch.no_grad():
            return [self.networks[ema_of(name)](self.unlabelled.image).segmentation for name in TEACHERS]

    def draws(self, share, views=1):
        """The step's random numbers up to its views of unlabelled chips: CutMix of the labelled batch, then theirs."""
        torch.manual_seed(3)
        CutMix.draw(self.batches["segmentation"], share)
        return [CutMix.draw(self.unlabelled, share) for _ in range(views)]

    def student(self, mix):
        """The student's logits on one view of the unlabelled chips."""
        torch.manual_seed(3)
        labelled = CutMix.draw(self.batches["segmentation"], 0.5).batch(self.batches["segmentation"])
        whole = torch.cat([labelled.image, mix.values(self.unlabelled.image)])
        return self.networks["student"](whole).segmentation[4:].detach()

    def state(self, name="student"):
        return self.plan.networks[THRESHOLDS][name].state_dict()


@pytest.fixture
def step(make_run):
    def make(recipe, name="run"):
        return Step(make_run(recipe, name, ROLES))

    return make


def highest_of(probabilities, valid):
    return probabilities.max(dim=1).values[valid].mean()


def followed(probabilities, valid):
    """The state after a first step."""
    start, shares = 1 / probabilities.shape[1], probabilities.permute(0, 2, 3, 1)[valid].mean(dim=0)
    means = {"confidence": highest_of(probabilities, valid), "shares": shares}
    return {name: MEMORY * start + (1 - MEMORY) * mean for name, mean in means.items()}


@pytest.mark.parametrize("levels", [4, 6])
def test_two_views_keep_complementary_channels_twice_as_strong_and_half_the_chips_all(levels):
    torch.manual_seed(0)
    maps = [torch.rand(3 + 12, 40 + 8 * index, 2, 2) + 1 for index in range(levels)]
    found = complementary(maps, slice(3, 15))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(found[: levels - 4], maps, strict=False))
    kept = []
    for mine, theirs in zip(found[-4:], maps[-4:], strict=True):
        factors = mine / theirs
        assert (factors == factors[:, :, :1, :1]).all(), "whole channels"
        factors = factors[:, :, 0, 0]
        assert (factors[:3] == 1).all(), "labelled chips"
        first, second = factors[3:9], factors[9:]
        assert torch.equal(first + second, torch.full_like(first, 2.0))
        kept.append([bool((row == 1).all()) for row in first])
        for row in first[[not each for each in kept[-1]]]:
            assert set(row.tolist()) == {0.0, 2.0} and 0.2 < row.mean() / 2 < 0.8
    assert sum(kept[0]) == 3 and all(each == kept[0] for each in kept)


def test_without_the_options_a_step_is_that_of_one_view_and_one_threshold(step):
    found = step(PLAIN)
    assert THRESHOLDS not in found.plan.networks
    loss = found.losses()["unlabelled/pseudo-labels"]
    (mix,) = found.draws(0.5)
    labels = pseudo_labels(*(mix.values(each) for each in found.answers()), mix.values(found.unlabelled.valid), 0.5)
    assert torch.equal(loss, F.cross_entropy(found.student(mix), labels, ignore_index=255))


def test_both_views_learn_from_the_same_labels_in_one_batch(step):
    """With the channels of each view restated one by one from the step's random numbers."""
    found = step({**PLAIN, "complementary_dropout": True, "cutmix": 0})
    student, seen = found.networks["student"], []
    student.encoder.register_forward_hook(lambda module, given, maps: seen.append([level.detach() for level in maps]))
    losses = found.losses()
    assert [len(each[0]) for each in seen] == [12], "labelled chips and both views pass the encoder together"
    torch.manual_seed(3)
    whole = torch.randperm(4)[:2].tolist()
    changed = []
    for level in seen[0][-4:]:
        drawn, level = torch.rand(4, level.shape[1]), level.clone()
        for chip in {0, 1, 2, 3} - set(whole):
            for channel in range(level.shape[1]):
                level[4 + chip, channel] *= 2 if drawn[chip, channel] < 0.5 else 0
                level[8 + chip, channel] *= 0 if drawn[chip, channel] < 0.5 else 2
        changed.append(level)
    logits = student.decode(changed).segmentation
    labels = pseudo_labels(*found.answers(), found.unlabelled.valid, 0.5)
    expected = [F.cross_entropy(part, labels, ignore_index=255) for part in (logits[4:8], logits[8:])]
    assert not torch.equal(*expected)
    assert losses["unlabelled/pseudo-labels"].item() == pytest.approx(sum(expected).item() / 2, rel=1e-5)
    labels = found.batches["segmentation"].mask
    found_labels = F.cross_entropy(logits[:4], labels, ignore_index=255).item()
    assert losses["segmentation/student cross_entropy"].item() == pytest.approx(found_labels, rel=1e-5)


def test_features_are_compared_before_channels_are_dropped(step):
    found = step({**PLAIN, "complementary_dropout": True})
    student, images = found.networks["student"].eval(), {role: each.image for role, each in found.batches.items()}
    for tasks in (dict.fromkeys(images, ("segmentation",)), {"segmentation": ("segmentation",), "unlabelled": ()}):
        with torch.no_grad():
            bare = forward_together(student, images, tasks)
            outputs = forward_together(student, images, tasks, lambda maps, parts: [0 * level for level in maps])
        assert all(torch.equal(outputs[role].backbone, bare[role].backbone) for role in images)
        assert not torch.equal(outputs["segmentation"].segmentation, bare["segmentation"].segmentation)


@pytest.mark.parametrize("cutmix", [0.0, 1.0])
def test_the_views_teach_the_student_alone_and_teachers_see_one(step, cutmix):
    found = step({**PLAIN, **NEW, "cutmix": cutmix})
    seen = {}
    for name in ("student", *TEACHERS):
        found.networks[name].encoder.register_forward_hook(
            lambda module, given, maps, name=name: seen.update({name: given[0][4:]})
        )
    losses = found.losses()
    first, second = seen["student"].split(4)
    assert torch.equal(first, second) == (not cutmix), "views differ by their CutMix"
    assert all(torch.equal(seen[name], first) for name in TEACHERS)
    sum(value for name, value in losses.items() if name.startswith("unlabelled/") and "cross" not in name).backward()
    assert sum(float(p.grad.abs().sum()) for p in found.networks["student"].encoder.parameters()) > 0
    assert all(p.grad is None for name in TEACHERS for p in found.networks[name].parameters())


def test_thresholds_follow_what_teachers_say_of_the_weak_view(step):
    found = step({**PLAIN, "thresholds": "adaptive"})
    answers = [each.softmax(dim=1) for each in found.answers()]
    loss, (mix,) = found.losses()["unlabelled/pseudo-labels"], found.draws(0.5)
    opinions = {"student": sum(answers) / 2, **dict(zip(TEACHERS, answers, strict=True))}
    for name, probabilities in opinions.items():
        expected = followed(probabilities, found.unlabelled.valid)
        torch.testing.assert_close(found.state(name), expected)
    needed = found.state()["confidence"] * found.state()["shares"] / found.state()["shares"].max()
    highest, labels = mix.values(opinions["student"]).max(dim=1)
    counted = mix.values(found.unlabelled.valid) & (highest >= needed[labels])
    losses = F.cross_entropy(found.student(mix), labels, reduction="none")
    assert loss.item() == pytest.approx(losses[counted].mean().item(), rel=1e-5)
    found.losses()
    second = MEMORY * expected["confidence"] + (1 - MEMORY) * highest_of(opinions[TEACHERS[1]], found.unlabelled.valid)
    torch.testing.assert_close(found.state(TEACHERS[1])["confidence"], second)


def test_only_who_gives_labels_has_thresholds(step):
    alone = step({**PLAIN, "thresholds": "adaptive", "co_training": False}, "alone")
    assert list(alone.plan.networks[THRESHOLDS]) == ["student"]
    assert THRESHOLDS not in step({"kind": "baseline", "method": "mean_teacher", "thresholds": "adaptive"}).networks


@pytest.mark.parametrize("method", ["fixmatch", "unimatch", "cps"])
def test_a_baseline_s_thresholds_follow_its_own_answers_once_a_step(step, method):
    recipe = {"kind": "baseline", "method": method, "student": NARROW, "strong_views": False}
    found = step({**recipe, "thresholds": "adaptive"})
    key, names = f"unlabelled/{method}", ("student", "twin") if method == "cps" else ("student",)
    loss = found.losses()[key]
    for name in names:  # the step has moved the norms' statistics before it asked
        with torch.no_grad():
            said = found.networks[name].eval()(found.unlabelled.image).segmentation.softmax(dim=1)
        torch.testing.assert_close(found.state(name), followed(said, found.unlabelled.valid))
    assert loss > 0 and loss != step({**recipe, "confidence": 0.99}, "fixed").losses()[key]


class Interrupted(Exception):
    pass


def trained(folder, listener=None):
    run = load_run(folder)
    prepared = prepare(run)
    torch.manual_seed(run.training.seed)
    plan = build_plan(run, prepared)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    return plan, Loop(PlannedRun(folder, run, prepared, plan), fabric, EventLog(folder, listener)).train()


@pytest.mark.parametrize(
    "recipe",
    [{**SSLKD, **NEW, "teacher_share": 0.2}, {"kind": "baseline", "method": "unimatch", "student": NARROW}],
    ids=["sslkd", "unimatch"],
)
def test_an_interrupted_run_goes_on_with_the_thresholds_that_it_had(make_run, events, recipe):
    recipe = {**recipe, "thresholds": "adaptive"}
    whole, broken = (
        make_run(recipe, name, ROLES, budget={"steps": 5}, batch_size=2, validations=2) for name in ("whole", "broken")
    )
    plan, _ = trained(whole)

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.stage != "teachers":
            raise Interrupted

    with pytest.raises(Interrupted):
        trained(broken, pull_the_plug)
    resumed, found = trained(broken)
    steps = [event["step"] for event in events(broken, "checkpoint") if event["stage"] != "teachers"]
    assert len(steps) == 2 and steps[0] < steps[1]
    thresholds = resumed.networks[THRESHOLDS].state_dict()
    assert len(thresholds) >= 2 and not torch.equal(thresholds["student.shares"], torch.full((2,), 0.5))
    for mine, theirs in ((plan.networks[name], resumed.networks[name]) for name in plan.networks):
        for name, value in mine.state_dict().items():
            assert torch.equal(value, theirs.state_dict()[name]), name
    for path in (broken / "checkpoints").glob("*.safetensors"):
        assert set(load_file(path)) == set(resumed.networks[path.stem.split("-")[-1]].state_dict())
    assert found.network is resumed.networks["student"]


@pytest.mark.parametrize("recipe", [SSLKD, {"kind": "baseline", "method": "cps"}], ids=lambda recipe: recipe["kind"])
def test_checkpoints_of_engines_without_these_settings_go_on(make_run, recipe):
    run = load_run(make_run(recipe, "off", ROLES, statistics_noise=0))
    assert fingerprint(run) == as_first(run, teacher_share=0.5)
    for name, value in NEW.items():
        if name in type(run.recipe).model_fields:
            on = run.model_copy(update={"recipe": run.recipe.model_copy(update={name: value})})
            assert fingerprint(on) != fingerprint(run), name
