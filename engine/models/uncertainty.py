"""Uncertain feature statistics: training batches in which means and deviations of encoder maps differ at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from .. import ranks
from .interface import TrainableNetwork


def perturb_statistics(features: Tensor, probability: float) -> Tensor:
    """Maps whose means and deviations by image and channel are drawn anew around their own, or the maps as they are.

    Both are drawn from normal distributions as wide as they differ between the images of the batch (Li et al., ICLR
    2022, arXiv 2202.03958, equations 4 to 8). A batch of two cities thus holds looks between and beyond the two, so
    that a head whose labels lie in one of them works in the other.

    Args:
        features: (B, D, H, W); a single image, whose batch has no spread, comes back as it is.
        probability: with which the batch is changed.
    """
    if ranks.whole(len(features)) < 2 or not torch.rand(()) < probability:
        return features
    maps = features.float()
    mean = maps.mean((2, 3), keepdim=True)
    deviation = (maps.var((2, 3), keepdim=True, unbiased=False) + 1e-6).sqrt()
    return ((maps - mean) / deviation * _drawn(deviation) + _drawn(mean)).to(features.dtype)


@contextmanager
def uncertain_statistics(network: nn.Module, probability: float) -> Iterator[None]:
    """Every stage of the encoder passes its map on perturbed, while the network is in training mode.

    A stage without a module of its own, as in some transformers, has its map perturbed on the way to the neck only.

    Args:
        network: one with an encoder; others stay as they are.
        probability: of each stage in each batch; 0 changes nothing.
    """
    if not probability or not isinstance(network, TrainableNetwork):
        yield
        return
    stages = _stages(network)
    hooks = [
        module.register_forward_hook(partial(_output, probability)) for module in stages.values() if module is not None
    ]
    if others := [index for index, module in stages.items() if module is None]:
        hooks.append(network.encoder.register_forward_hook(partial(_maps, probability, others)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _drawn(statistic: Tensor) -> Tensor:
    """(B, D, 1, 1) plus noise; drawn on the CPU, whose generator's state is in checkpoints."""
    noise = ranks.mine(torch.randn(ranks.whole(len(statistic)), *statistic.shape[1:])).to(statistic.device)
    return statistic + noise * ranks.gathered(statistic).std(0, keepdim=True)


def _output(probability: float, module: nn.Module, _: object, features: Tensor) -> Tensor:
    return perturb_statistics(features, probability) if module.training else features


def _maps(
    probability: float, which: Sequence[int], encoder: nn.Module, _: object, maps: Sequence[Tensor]
) -> list[Tensor]:
    noisy = encoder.training
    return [perturb_statistics(m, probability) if noisy and i in which else m for i, m in enumerate(maps)]


def _stages(network: TrainableNetwork) -> dict[int, nn.Module | None]:
    """The outermost module that makes each of the encoder's maps, the image left out; none where there is none."""
    made: list[tuple[int, nn.Module, object]] = []

    def remember(depth: int, module: nn.Module, _: object, output: object) -> None:
        made.append((depth, module, output))

    hooks = [
        module.register_forward_hook(partial(remember, name.count(".")))
        for name, module in network.encoder.named_modules()
        if name
    ]
    training = network.training
    weight = next(network.encoder.parameters())
    with torch.inference_mode():
        maps = network.eval().encoder(torch.zeros(1, len(network.mean), 64, 64, device=weight.device))
    network.train(training)
    for hook in hooks:
        hook.remove()
    found = {
        index: sorted((each for each in made if each[2] is maps[index]), key=lambda each: each[0])
        for index, channels in enumerate(network.encoder.out_channels)
        if index and channels
    }
    return {index: modules[0][1] if modules else None for index, modules in found.items()}
