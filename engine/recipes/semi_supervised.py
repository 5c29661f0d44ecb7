"""SSLKD, two-teacher semi-supervised distillation (IGARSS 2024, arXiv 2402.05305): docs/methods.md, section 2.

Two large teachers of different architecture first learn from the labels alone, because untrained teachers
teach noise. Then both teachers and a light student train together on labelled and unlabelled batches.
"""

from __future__ import annotations

from torch import Tensor, nn

from ..config import Run, SemiSupervised
from ..data import Prepared
from ..distillation import (
    Adaptors,
    cross_supervision,
    feature_term,
    pseudo_labels,
    ramp_up,
    segmentation_cross_entropy,
    soft_term,
)
from ..errors import ConfigError
from ..types import Batch, Outputs
from .build import build_network
from .plan import Batches, Losses, Networks, Plan, Stage
from .supervised import supervised_losses
from .together import forward_together

TEACHERS = ("first_teacher", "second_teacher")


def plan_semi_supervised(run: Run, prepared: Prepared) -> Plan:
    """Teachers on the labels, then all three on everything.

    Raises:
        ConfigError: labelled or unlabelled sources are missing, or the teachers are the same network.
    """
    recipe: SemiSupervised = run.recipe
    _check(run, recipe)
    specs = {name: getattr(recipe, name) for name in ("student", *TEACHERS)}
    networks: dict[str, nn.Module] = {
        name: build_network(spec, ("segmentation",), run, prepared, seed=run.training.seed + index)
        for index, (name, spec) in enumerate(specs.items())
    }
    if recipe.weights.feature:
        networks["adaptors"] = nn.ModuleList(
            Adaptors([networks["student"].backbone_channels], [networks[name].backbone_channels]) for name in TEACHERS
        )
    return Plan(networks, _stages(recipe, networks), "student", specs)


def _check(run: Run, recipe: SemiSupervised) -> None:
    roles = {source.role for source in run.sources}
    for role in ("segmentation", "unlabelled"):
        if role not in roles:
            raise ConfigError(f"The recipe semi_supervised needs a source with the role {role}, and there is none.")
    if recipe.first_teacher == recipe.second_teacher:
        raise ConfigError("The two teachers of semi_supervised are the same network; give one another architecture.")


def _stages(recipe: SemiSupervised, networks: Networks) -> list[Stage]:
    together = Stage(
        "teachers and student",
        trains=tuple(name for name in ("student", *TEACHERS, "adaptors") if name in networks),
        roles=("segmentation", "unlabelled"),
        share=1 - recipe.teacher_share,
        losses=joint_losses(recipe),
        judges=("student", *TEACHERS),
        views=True,
    )
    if not recipe.teacher_share:
        return [together]
    alone = Stage(
        "teachers",
        trains=TEACHERS,
        roles=("segmentation",),
        share=recipe.teacher_share,
        losses=labelled_losses(TEACHERS, recipe),
        judges=TEACHERS,
    )
    return [alone, together]


def labelled_losses(names: tuple[str, ...], recipe: SemiSupervised) -> Losses:
    """L_sup: cross-entropy (and Dice) of each named network on the labelled batch."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        batch = batches["segmentation"]
        return _supervised(networks, {name: networks[name](batch.image) for name in names}, batch, recipe)

    return losses


def joint_losses(recipe: SemiSupervised) -> Losses:
    """L_sup + L_dis^f + L_dis^p + L_unsup, with the teachers' cross supervision on unlabelled batches.

    Teachers see the weak view of an unlabelled chip, the student the strong one of the same pixels.
    """

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        strength = ramp_up(progress, recipe.ramp_up)
        labelled, unlabelled = batches["segmentation"], batches["unlabelled"]
        strong = unlabelled.image if unlabelled.strong is None else unlabelled.strong
        seen, unseen = {}, {}
        for name in ("student", *TEACHERS):
            view = strong if name == "student" else unlabelled.image
            images = {"segmentation": labelled.image, "unlabelled": view}
            outputs = forward_together(networks[name], images, dict.fromkeys(images, ("segmentation",)))
            seen[name], unseen[name] = outputs["segmentation"], outputs["unlabelled"]
        named = _supervised(networks, seen, labelled, recipe)
        terms = _pseudo(unseen, unlabelled, recipe)
        for role, outputs, batch in (("segmentation", seen, labelled), ("unlabelled", unseen, unlabelled)):
            terms |= {f"{role}/{key}": term for key, term in _taught(networks, outputs, batch, recipe).items()}
        return named | {key: strength * term for key, term in terms.items()}

    return losses


def _supervised(
    networks: Networks, outputs: dict[str, Outputs], batch: Batch, recipe: SemiSupervised
) -> dict[str, Tensor]:
    named = {}
    for name, output in outputs.items():
        losses = supervised_losses(networks[name], output, batch, recipe.dice)
        named |= {f"segmentation/{name} {key}": value for key, value in losses.items()}
    return named


def _pseudo(outputs: dict[str, Outputs], batch: Batch, recipe: SemiSupervised) -> dict[str, Tensor]:
    first, second = (outputs[name].segmentation for name in TEACHERS)
    weights, terms = recipe.weights, {}
    if weights.cross:
        terms["unlabelled/cross supervision"] = weights.cross * cross_supervision(
            first, second, batch.valid, recipe.confidence
        )
    if weights.unsupervised:
        labels = pseudo_labels(first, second, batch.valid, recipe.confidence, recipe.agreement)
        terms["unlabelled/pseudo-labels"] = weights.unsupervised * segmentation_cross_entropy(
            outputs["student"].segmentation, labels
        )
    return terms


def _taught(networks: Networks, outputs: dict[str, Outputs], batch: Batch, recipe: SemiSupervised) -> dict[str, Tensor]:
    student, weights, terms = outputs["student"], recipe.weights, {}
    if weights.soft:
        logits = [outputs[name].segmentation for name in TEACHERS]
        terms["soft"] = weights.soft * soft_term(student.segmentation, logits, batch.valid)
    if weights.feature:
        pairs = [
            (adaptor([student.backbone], [outputs[name].backbone])[0], outputs[name].backbone)
            for adaptor, name in zip(networks["adaptors"], TEACHERS, strict=True)
        ]
        terms["feature"] = weights.feature * feature_term(pairs, batch.valid)
    return terms
