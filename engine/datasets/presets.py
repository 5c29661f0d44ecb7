"""Recipes and loop settings for imported runs: the engine's own, or the papers'."""

from __future__ import annotations

from ..config import MULTITASK, SSLKD, Network, PartialMultitask, Recipe, SemiSupervised, Supervised, Training, preset

DEFAULT = "default"
__all__ = ["DEFAULT", "MULTITASK", "SSLKD", "multitask", "sslkd", "with_weights"]


def multitask(name: str, distils: bool, weights: str = "auto") -> tuple[Recipe, Training]:
    """Settings of a run on the ISPRS benchmarks.

    Args:
        name: `default` or `igarss2024-multitask`.
        distils: whether both tasks have tiles of their own; otherwise one network learns the labels alone.
        weights: encoder weights, as in `Network`.
    """
    if name == DEFAULT:
        return with_weights(PartialMultitask() if distils else Supervised(), weights), Training()
    chosen = preset(name)
    if distils:
        return with_weights(chosen.recipe, weights), Training(**chosen.training)
    alone = Supervised(network=chosen.recipe.student)
    epochs = chosen.training["budget"]["epochs"] / 3  # the teachers' two thirds fall away
    return with_weights(alone, weights), Training(**chosen.training | {"budget": {"epochs": epochs}})


def sslkd(name: str, everything: bool, weights: str = "auto") -> tuple[Recipe, Training]:
    """Settings of a run on RoadNet.

    Args:
        name: `default` or `igarss2024-sslkd`.
        everything: whether every image is labelled, so that there is nothing to learn without labels.
        weights: encoder weights, as in `Network`.
    """
    if everything:
        return with_weights(Supervised(), weights), Training()
    if name == DEFAULT:
        return with_weights(SemiSupervised(dice=1.0), weights), Training()
    chosen = preset(name)
    return with_weights(chosen.recipe, weights), Training(**chosen.training)


def with_weights(recipe: Recipe, weights: str) -> Recipe:
    """The recipe with these encoder weights in all its networks."""
    for name in type(recipe).model_fields:
        network = getattr(recipe, name)
        if isinstance(network, Network):
            network.weights = weights
    return recipe
