"""Features as targets: level by level, or where teacher and student disagree (METHODS, section 1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import ranks
from .arithmetic import Pyramid, full, mean_by, mean_over, pooled, resized, target, total
from .soft import GAMMA, quality_focal

VARIANCE_FLOOR = 1e-6
"""Added to a channel's variance: a dead channel must not become noise of deviation 1."""


class Adaptors(nn.Module):
    """A 1x1 convolution a level, from the student's channels to the teacher's; used in training only.

    Levels are paired finest first; a level that only one of the two has is left out.

    Args:
        student_channels: of each of the student's levels.
        teacher_channels: of each of the teacher's levels.
    """

    def __init__(self, student_channels: Sequence[int], teacher_channels: Sequence[int]) -> None:
        super().__init__()
        pairs = zip(student_channels, teacher_channels, strict=False)
        self.levels = nn.ModuleList(nn.Conv2d(mine, theirs, kernel_size=1) for mine, theirs in pairs)

    def forward(self, student: list[Tensor], teacher: list[Tensor] | None = None) -> list[Tensor]:
        """The student's features (B, D_S, H, W) with the teacher's channels, and its sizes where it is given."""
        adapted = [adapt(level) for adapt, level in zip(self.levels, student, strict=False)]
        if teacher is None:
            return adapted
        return [resized(mine, theirs) for mine, theirs in zip(adapted, teacher, strict=False)]


def feature_mse(student_adapted: list[Tensor], teacher: list[Tensor], valid: Tensor) -> Tensor:
    """Mean over levels of the mean of (a_l(F_S,l) - F_T,l)^2 over what counts.

    A cell counts by its share of valid pixels.

    Args:
        student_adapted: of each level (B, D, H_l, W_l); resized where the teacher's sizes differ.
        teacher: of each level (B, D, H_l, W_l), detached here.
        valid: (B, H, W) bool.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> teacher, valid = torch.ones(1, 8, 2, 2), torch.ones(1, 4, 4).bool()
        >>> feature_mse([torch.zeros(1, 8, 4, 4)], [teacher], valid).item()
        1.0
    """
    pairs = zip(student_adapted, teacher, strict=False)
    return torch.stack([_level_mse(mine, theirs, valid) for mine, theirs in pairs]).mean()


def pkd(student_adapted: list[Tensor], teacher: list[Tensor], valid: Tensor) -> Tensor:
    """Half the mean squared difference of features standardised by channel, which is 1 - Pearson's correlation.

    Mean over levels (Cao et al., arXiv 2207.02039, equation 4); means and deviations are over batch and cells, a cell
    counts by its share of valid pixels. Scale and offset of the teacher's features do not matter.

    Args:
        student_adapted: of each level (B, D, H_l, W_l); resized where the teacher's sizes differ.
        teacher: of each level (B, D, H_l, W_l), detached here.
        valid: (B, H, W) bool.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> teacher, valid = torch.randn(1, 8, 4, 4), torch.ones(1, 4, 4).bool()
        >>> abs(round(pkd([3 * teacher + 5], [teacher], valid).item(), 3))  # scale and offset do not matter
        0.0
    """
    pairs = zip(student_adapted, teacher, strict=False)
    return torch.stack([_level_pkd(mine, theirs, valid) for mine, theirs in pairs]).mean()


def spatial_cosine(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """Sum of v (1 - cos(p(F_S), F_T)) / sum of v over cells, v = a cell's share of valid pixels.

    Only the direction of a cell's features counts, not their length (after AM-RADIO, Ranzinger et al., arXiv
    2312.06709, which adds a smooth L1).

    Args:
        student: p(F_S) (B, D, H_S, W_S), projected to the teacher's channels.
        teacher: F_T (B, D, H_T, W_T), detached here; the coarser of the two is resized to the other.
        valid: (B, H, W) bool.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> teacher, valid = torch.randn(1, 8, 4, 4), torch.ones(1, 4, 4).bool()
        >>> [abs(round(spatial_cosine(factor * teacher, teacher, valid).item(), 3)) for factor in (7, -1)]
        [0.0, 2.0]
    """
    student, teacher = full(student), target(teacher)
    if student.shape[-2:].numel() < teacher.shape[-2:].numel():
        student = resized(student, teacher)
    teacher = resized(teacher, student)
    shares = pooled(valid.to(student.dtype), student.shape[-2:])[:, 0]
    distance = torch.where(shares > 0, 1 - F.cosine_similarity(student, teacher, dim=1), 0.0)
    return mean_by((shares * distance).sum(), shares.sum())


def weighted_squares(student: Tensor, teacher: Tensor, weights: Tensor) -> Tensor:
    """Sum of w (F_S - F_T)^2 over batch, channels and cells.

    Args:
        student: (B, D, H, W).
        teacher: (B, D, H, W), detached here.
        weights: (B, 1, H, W); where 0, the features may hold anything.

    Returns:
        scalar.

    Examples:
        >>> student, teacher = torch.tensor([3.0, 9.0]), torch.tensor([1.0, torch.nan])
        >>> student, teacher = student.view(1, 1, 1, 2), teacher.view(1, 1, 1, 2)
        >>> weighted_squares(student, teacher, torch.tensor([0.5, 0.0]).view(1, 1, 1, 2)).item()  # 0.5 (3 - 1)^2
        2.0
    """
    difference = torch.where(weights > 0, full(student) - target(teacher), 0.0)
    return (weights * difference.square()).sum()


def _level_mse(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    student = resized(student, teacher)
    shares = pooled(valid.to(full(student).dtype), teacher.shape[-2:])
    counted = shares.sum() * teacher.shape[1]
    # A part of a cell may be all that counts, so not clamped at 1 as counts are.
    return mean_by(weighted_squares(student, teacher, shares), counted)


def _level_pkd(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    student, teacher = full(resized(student, teacher)), target(teacher)
    shares = pooled(valid.to(student.dtype), teacher.shape[-2:])
    mine, theirs = _standardised(student, shares), _standardised(teacher, shares)
    counted = shares.sum() * teacher.shape[1]
    return mean_by(weighted_squares(mine, theirs, shares) / 2, counted)


def _standardised(features: Tensor, shares: Tensor) -> Tensor:
    """Each channel with mean 0 and deviation 1 over the cells (B, D, H, W) by their shares (B, 1, H, W)."""
    features = torch.where(shares > 0, features, 0.0)
    whole = ranks.total(shares.sum())
    whole = torch.where(whole > 0, whole, 1.0)
    centred = features - ranks.summed((shares * features).sum(dim=(0, 2, 3), keepdim=True)) / whole
    variance = ranks.summed((shares * centred.square()).sum(dim=(0, 2, 3), keepdim=True)) / whole
    return centred * (variance + VARIANCE_FLOOR).rsqrt()


def pdf_detection(
    student: Pyramid,
    teacher: Pyramid,
    shapes: list[tuple[int, int]],
    valid: Tensor,
    weight: float = 5.0,
) -> Tensor:
    """The features' distance, lambda sum_{b,i,k} w_{b,i} (a(F_S) - F_T)^2.

    d_n = ||sigmoid(z_T,n) - sigmoid(z_S,n)||_2 without gradient, w_i the mean of d over the A anchors of
    location i, normalised to sum 1 over batch, locations and channels.

    Args:
        student: adapted features, of which levels without detections are left out, and z_S (B, N, C).
        teacher: features and z_T (B, N, C), detached here.
        shapes: (H_l, W_l) of the levels that detect, which have the N anchors, A at each location.
        valid: (B, N) bool.
        weight: lambda.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> student, teacher = torch.zeros(1, 8, 1, 2), torch.tensor([1.0, 0.0]).expand(1, 8, 1, 2)
        >>> mine, here, there = torch.zeros(1, 2, 1), torch.tensor([[[9.0], [0.0]]]), torch.tensor([[[0.0], [9.0]]])
        >>> shapes, valid = [(1, 2)], torch.full((1, 2), True)
        >>> student, answers = Pyramid([student], mine), [Pyramid([teacher], each) for each in (here, there)]
        >>> [round(pdf_detection(student, each, shapes, valid).item(), 3) for each in answers]
        [5.0, 0.0]
    """
    distances = (target(teacher.logits).sigmoid() - target(student.logits).sigmoid()).norm(dim=2)
    counts = [height * width for height, width in shapes]
    locations = torch.where(valid, distances, 0.0).unflatten(1, (sum(counts), -1)).mean(dim=2)
    grids = [
        level.unflatten(1, tuple(shape))[:, None]
        for level, shape in zip(locations.split(counts, dim=1), shapes, strict=True)
    ]
    sizes = {tuple(shape) for shape in shapes}
    pairs = [pair for pair in _pairs(student.features, teacher.features) if tuple(pair[1].shape[-2:]) in sizes]
    return weight * _guided(pairs, grids)


def pdf_plus(
    student_logits: Tensor,
    teacher_logits: Tensor,
    student_regression: Tensor,
    teacher_regression: Tensor,
    valid: Tensor,
) -> Tensor:
    """The "plus" form's additional terms: sum (p_T - p_S)^2 BCE(z_S, p_T) / #(p_T > 0.5) + L1(r_S, r_T).

    Our reading of the second: the L1 is a mean over the valid anchors where the teacher finds something
    (p_T > 0.5 for a class), for the reason given at `soft_detection_regression`.

    Args:
        student_logits: z_S (B, N, C).
        teacher_logits: z_T (B, N, C), detached here.
        student_regression: r_S (B, N, 4).
        teacher_regression: r_T (B, N, 4), detached here.
        valid: (B, N) bool.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> logits, boxes, valid = torch.full((1, 1, 1), 20.0), torch.zeros(1, 1, 4), torch.full((1, 1), True)
        >>> pdf_plus(logits, logits, boxes + 0.5, boxes, valid).item()  # the teacher finds something there
        0.5
    """
    probabilities = target(teacher_logits)[valid].sigmoid()
    found = probabilities > 0.5
    classification = mean_over(quality_focal(full(student_logits)[valid], probabilities, GAMMA).sum(), found.sum())
    mine, theirs = full(student_regression)[valid], target(teacher_regression)[valid]
    objects = found.any(dim=1)
    box = mean_over(F.l1_loss(mine[objects], theirs[objects], reduction="sum"), 4 * objects.sum())
    return classification + box


def pdf_segmentation(
    student: Pyramid,
    teacher: Pyramid,
    valid: Tensor,
    weight: float = 5.0,
) -> Tensor:
    """The same for segmentation: d = ||softmax(s_T) - softmax(s_S)||_2 per pixel, averaged over each cell.

    Args:
        student: adapted features and s_S (B, K, H, W).
        teacher: features and s_T (B, K, H, W), detached here.
        valid: (B, H, W) bool.
        weight: lambda.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> student, teacher = torch.zeros(1, 8, 2, 2), torch.ones(1, 8, 2, 2)
        >>> logits, valid = torch.randn(1, 3, 8, 8), torch.ones(1, 8, 8).bool()
        >>> student, answers = Pyramid([student], logits), (logits, logits.roll(1, dims=1))
        >>> [round(pdf_segmentation(student, Pyramid([teacher], each), valid).item(), 3) for each in answers]
        [0.0, 5.0]
    """
    distances = (target(teacher.logits).softmax(dim=1) - target(student.logits).softmax(dim=1)).norm(dim=1)
    distances = torch.where(valid, distances, 0.0)
    pairs = _pairs(student.features, teacher.features)
    return weight * _guided(pairs, [pooled(distances, theirs.shape[-2:]) for _, theirs in pairs])


def _pairs(student: list[Tensor], teacher: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return [(resized(mine, theirs), theirs) for mine, theirs in zip(student, teacher, strict=False)]


def _guided(pairs: list[tuple[Tensor, Tensor]], weights: list[Tensor]) -> Tensor:
    """Squared differences with weights (B, 1, H_l, W_l) that are made to sum 1 over everything."""
    shares = total(level.sum() * theirs.shape[1] for level, (_, theirs) in zip(weights, pairs, strict=True))
    squares = total(weighted_squares(*pair, level) for level, pair in zip(weights, pairs, strict=True))
    return mean_by(squares, shares)
