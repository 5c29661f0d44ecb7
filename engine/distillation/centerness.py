"""FCOS's centerness as a soft target, for students that see no boxes at all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .arguments import Targets
from .arithmetic import full, mean_over, target


def soft_centerness(
    student: Tensor,
    teacher: Targets,
    valid: Tensor,
    found: float = 0.0,
    places: Tensor | None = None,
) -> Tensor:
    """Weighted mean over valid locations of BCE(c_S, sigmoid(c_T)).

    Centerness is a factor of every score, and like boxes it is trained at objects only: so each location weighs its
    teacher's highest class probability, and the sum is divided by the sum of the weights (at least 1). It is not in
    the papers, whose students have boxes for it.

    Args:
        student: centerness logits c_S (B, N).
        teacher: centerness logits c_T (B, N) and class logits (B, N, C), detached here.
        valid: (B, N) bool.
        found: locations with a lower weight count nowhere.
        places: (B, N) of the locations, by which their summands are multiplied; none: all 1.

    Returns:
        scalar; zero where no location counts.

    Examples:
        >>> object_, background = torch.full((1, 2, 1), 20.0), torch.full((1, 2, 1), -20.0)
        >>> student, teacher, valid = torch.zeros(1, 2), torch.full((1, 2), 20.0), torch.full((1, 2), True)
        >>> said = [Targets(teacher, logits) for logits in (object_, background)]
        >>> [round(soft_centerness(student, each, valid).item(), 4) for each in said]
        [0.6931, 0.0]
    """
    weights = target(teacher.logits)[valid].sigmoid().amax(dim=1)
    weights = torch.where(weights >= found, weights, 0.0)
    wanted = target(teacher.values)[valid].sigmoid()
    losses = F.binary_cross_entropy_with_logits(full(student)[valid], wanted, reduction="none")
    summands = weights * losses
    return mean_over((summands if places is None else summands * places[valid]).sum(), weights.sum())
