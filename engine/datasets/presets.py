"""Recipes and loop settings for imported runs: the engine's own, or the papers'.

What the papers leave open is taken from the authors' public code (lhoangan/multas) or named here as our reading;
docs/datasets.md says which is which.
"""

from __future__ import annotations

from ..config import Budget, Network, PartialMultitask, Recipe, SemiSupervised, SslkdWeights, Supervised, Training

DEFAULT = "default"
MULTITASK = "igarss2024-multitask"
SSLKD = "igarss2024-sslkd"


def multitask(preset: str, distils: bool, weights: str = "none") -> tuple[Recipe, Training]:
    """Settings of a run on the ISPRS benchmarks.

    Args:
        preset: `default` or `igarss2024-multitask`.
        distils: whether both tasks have tiles of their own; otherwise one network learns the labels alone.
        weights: encoder weights, as in `Network`.
    """
    if preset == DEFAULT:
        recipe = PartialMultitask() if distils else Supervised()
        return with_weights(recipe, weights), Training()
    student = Network(size="small", encoder="resnet18", detection_head="retinanet")
    teacher = Network(size="large", encoder="resnet50", detection_head="retinanet")
    recipe: Recipe = Supervised(network=student)
    if distils:
        recipe = PartialMultitask(
            student=student,
            detection_teacher=teacher,
            segmentation_teacher=teacher.model_copy(),
            distillation=["soft", "pdf"],
            teacher_share=1 / 3,
        )
    return with_weights(recipe, weights), _igarss2024(stages=3 if distils else 1)


def sslkd(preset: str, everything: bool, weights: str = "none") -> tuple[Recipe, Training]:
    """Settings of a run on RoadNet.

    Args:
        preset: `default` or `igarss2024-sslkd`.
        everything: whether every image is labelled, so that there is nothing to learn without labels.
        weights: encoder weights, as in `Network`.
    """
    if everything:
        return with_weights(Supervised(), weights), Training()
    recipe = SemiSupervised(dice=1.0)
    if preset == SSLKD:
        # the printed total has every term from the start and neither threshold nor agreement
        recipe = SemiSupervised(
            dice=1.0, teacher_share=0.0, confidence=0.0, agreement=False, weights=SslkdWeights(feature=1.0)
        )
    return with_weights(recipe, weights), Training()


def _igarss2024(stages: int) -> Training:
    """320 px, SGD 0.9, weight decay 5e-4, EMA 0.9998; the rest is the default of the authors' code."""
    return Training(
        budget=Budget(epochs=70 * stages),
        batch_size=32,
        chip_size=320,
        optimizer="sgd",
        learning_rate=5e-3,
        weight_decay=5e-4,
        ema_decay=0.9998,
    )


def with_weights(recipe: Recipe, weights: str) -> Recipe:
    """The recipe with these encoder weights in all its networks."""
    for name in type(recipe).model_fields:
        network = getattr(recipe, name)
        if isinstance(network, Network):
            network.weights = weights
    return recipe
