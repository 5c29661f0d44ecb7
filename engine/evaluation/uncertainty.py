"""How unsure networks are, pixel by pixel and box by box: pure functions on a window's arrays."""

from __future__ import annotations

import numpy as np


def entropy(probabilities: list[np.ndarray]) -> np.ndarray:
    """The mean of the networks' entropies, -sum_k p_k log p_k / log K.

    Args:
        probabilities: (K, H, W) of each network, summing to one over K.

    Returns:
        (H, W) float32, 0 where all are sure and 1 where all classes are equally likely.

    Examples:
        >>> sure, unsure = np.array([1.0, 0.0]), np.array([0.5, 0.5])
        >>> entropy([np.stack([sure, unsure], axis=1)[:, None]]).tolist()
        [[0.0, 1.0]]
    """
    scale = np.log(max(2, len(probabilities[0])))
    parts = [-(p * np.log(np.clip(p, 1e-12, 1))).sum(axis=0) / scale for p in probabilities]
    return np.asarray(np.mean(parts, axis=0, dtype=np.float32))


def disagreement(probabilities: list[np.ndarray]) -> np.ndarray:
    """Where the networks' most probable classes are not all the same, (H, W) bool; nowhere for a single network.

    Examples:
        >>> first, second = np.array([[[0.9, 0.4]], [[0.1, 0.6]]]), np.array([[[0.7, 0.8]], [[0.3, 0.2]]])
        >>> disagreement([first, second]).tolist()
        [[False, True]]
    """
    first, *others = (p.argmax(axis=0) for p in probabilities)
    differ = np.zeros(first.shape, bool)
    for other in others:
        differ |= first != other
    return differ


def opinion(probabilities: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The most probable channel (H, W) of the networks' mean, and its probability (H, W).

    As SSLKD's pseudo-labels (docs/methods.md, section 2).

    Examples:
        >>> channel, probability = opinion([np.array([[[0.9]], [[0.1]]]), np.array([[[0.4]], [[0.6]]])])
        >>> int(channel[0, 0]), float(probability[0, 0])
        (0, 0.65)
    """
    mean = np.mean(probabilities, axis=0)
    return mean.argmax(axis=0), mean.max(axis=0)


def middling(scores: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """How far boxes are from being decided.

    Args:
        scores: (n,) in 0 to 1.
        threshold: t, the score from which the model reports a box, in (0, 1); one, or (n,).

    Returns:
        (n,): 1 at t, falling in straight lines to 0 at t / 2 and at (1 + t) / 2.

    Examples:
        >>> middling(np.array([0.2, 0.4, 0.7, 1.0]), 0.4).round(3).tolist()
        [0.0, 1.0, 0.0, 0.0]
    """
    half = np.where(scores < threshold, threshold / 2, (1 - threshold) / 2)
    return np.clip(1 - np.abs(scores - threshold) / np.maximum(half, 1e-6), 0, 1)
