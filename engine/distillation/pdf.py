"""PDF-Distil: features matter where teacher and student disagree (BMVC 2021; METHODS, section 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .arithmetic import Pyramid, full, mean_by, mean_over, pooled, resized, target, total
from .feature import weighted_squares
from .soft import GAMMA, quality_focal


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
