"""A step of processes that have chips enough for batch norms of their own: a program for each of two ranks.

Prints one line of JSON: how far the gradients and running statistics of both ranks are from a naive restatement, which
takes the batch's halves through the network one after the other.
"""

import copy
import json
import sys

import torch
import torch.distributed as dist
from torch import nn

from engine import ranks
from engine.processes import place
from engine.recipes import Stage
from engine.training.together import FEW, passes_of, shared_fabric
from engine.types import Batch
from tests.engine.training.tiny import Tiny

SIDE = 8


def losses(networks, batches, progress):
    batch = batches["segmentation"]
    error = nn.functional.cross_entropy(networks["student"](batch.image).segmentation, batch.mask, reduction="sum")
    pixels = ranks.number(batch.mask.numel())
    return {"student": ranks.scaled(error / pixels)}


def batch_of(chips):
    draw = torch.Generator().manual_seed(0)
    shade = torch.arange(chips).view(-1, 1, 1, 1)  # so that the halves' statistics differ
    image = 60 * torch.rand(chips, 3, SIDE, SIDE, generator=draw) + 5 * shade
    mask = torch.randint(0, 2, (chips, SIDE, SIDE), generator=draw)
    return Batch("segmentation", image, torch.ones_like(mask, dtype=torch.bool), mask)


def naive(network, batch, halves):
    """Gradients and running statistics of the network whose halves never meet."""
    seen = []
    for which in halves:
        part, one = batch.part(which), copy.deepcopy(network)
        logits = one(part.image).segmentation
        error = nn.functional.cross_entropy(logits, part.mask, reduction="sum") / batch.mask.numel()
        seen.append((torch.autograd.grad(error, list(one.parameters())), one.layers[1]))
    gradients = [sum(each) for each in zip(*(gradient for gradient, _ in seen), strict=True)]
    means = [sum(getattr(norm, name) for _, norm in seen) / len(seen) for name in ("running_mean", "running_var")]
    return gradients, means


def difference(found, expected):
    return max(((a - b).abs().max() / b.abs().max()).item() for a, b in zip(found, expected, strict=True))


def main():
    torch.set_num_threads(1)
    chips = 2 * FEW
    fabric = shared_fabric(torch.device("cpu"), "32-true", place())
    network, batch = Tiny(0), batch_of(chips)
    gradients, statistics = naive(network, batch, (slice(0, FEW), slice(FEW, chips)))
    with ranks.dealt(chips):
        stage = Stage("student", ("student",), ("segmentation",), 1.0, losses, validated=("student",))
        networks = {"student": network}
        mine = {"segmentation": batch.part(ranks.share(chips))}
        passes_of(fabric, stage, networks, chips).gradients(stage, networks, mine, 0.5)
        norm = network.layers[1]
        found = {
            "gradients": difference([each.grad for each in network.parameters()], gradients),
            "statistics": difference([norm.running_mean, norm.running_var], statistics),
        }
        said = ranks.of_each(found)
    if dist.get_rank() == 0:
        print(json.dumps(said))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
