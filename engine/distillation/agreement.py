"""How far answers on one image agree, place by place: 1 where they say the same, 0 where they differ most."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .arithmetic import target


def segmentation_agreement(answers: Sequence[Tensor]) -> Tensor:
    """1 - (H(mean_m p_m) - mean_m H(p_m)) / log(min(M, K)), p_m = softmax(s_m), H the entropy over classes.

    The difference is the generalised Jensen-Shannon divergence of the M answers (Lin, IEEE Transactions on Information
    Theory 37, 1991), in ensembles the doubt that comes of members, not of the pixel. It is at most log M, and as a part
    of an entropy at most log K.

    Args:
        answers: logits s_m (B, K, H, W), M of them.

    Returns:
        (B, H, W) from 0 to 1.

    Examples:
        >>> import torch
        >>> roof, road = torch.tensor([9.0, -9.0]).view(1, 2, 1, 1), torch.tensor([-9.0, 9.0]).view(1, 2, 1, 1)
        >>> [round(segmentation_agreement([roof, other]).item(), 3) for other in (roof, road)]
        [1.0, 0.0]
    """
    shares = torch.stack([target(each).softmax(dim=1) for each in answers])
    most = math.log(min(len(shares), shares.shape[2]))
    if not most:  # one answer, or one class
        return shares.new_ones(shares[0, :, 0].shape)
    divergence = _entropy(shares.mean(dim=0), dim=1) - _entropy(shares, dim=2).mean(dim=0)
    return (1 - divergence / most).clamp(0, 1)


def detection_agreement(answers: Sequence[Tensor]) -> Tensor:
    """1 - 2 max_c sigma_c, sigma_c the standard deviation over the M answers of p_m,c = sigmoid(z_m,c).

    Of numbers from 0 to 1 it is at most 1/2 (Popoviciu's inequality), where one half of the members is sure of what the
    other is sure is not there. Background, on which all agree, weighs 1.

    Args:
        answers: logits z_m (B, N, C), M of them.

    Returns:
        (B, N) from 0 to 1.

    Examples:
        >>> import torch
        >>> sure, not_there = torch.full((1, 1, 1), 9.0), torch.full((1, 1, 1), -9.0)
        >>> [round(detection_agreement([sure, other]).item(), 3) for other in (sure, not_there)]
        [1.0, 0.0]
    """
    scores = torch.stack([target(each).sigmoid() for each in answers])
    return (1 - 2 * scores.std(dim=0, correction=0).amax(dim=-1)).clamp(0, 1)


def _entropy(shares: Tensor, dim: int) -> Tensor:
    found: Tensor = torch.special.entr(shares).sum(dim=dim)
    return found
