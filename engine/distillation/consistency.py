"""Agreement of a network with its own moving average, for the baseline mean teacher."""

from __future__ import annotations

from torch import Tensor

from .arithmetic import full, mean_over, pixels, target


def consistency(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """Mean over counted pixels and classes of (softmax(s_S) - softmax(s_T))^2 (mean teacher, arXiv 1703.01780).

    Args:
        student: logits (B, K, H, W).
        teacher: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool.

    Returns:
        scalar; zero where no pixel counts.

    Examples:
        >>> import torch
        >>> roof, road = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 20.0]).view(1, 2, 1, 1)
        >>> [round(consistency(roof, other, torch.ones(1, 1, 1).bool()).item(), 4) for other in (roof, road)]
        [0.0, 1.0]
    """
    mine, theirs = pixels(full(student), valid).softmax(dim=1), pixels(target(teacher), valid).softmax(dim=1)
    return mean_over((mine - theirs).square().sum(), mine.numel())
