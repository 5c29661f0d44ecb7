"""How a term's strength rises over a stage."""

from __future__ import annotations

import math


def ramp_up(progress: float, length: float) -> float:
    """The sigmoid-shaped ramp exp(-5 (1 - t)^2), t = progress / length (Laine and Aila, arXiv 1610.02242).

    Args:
        progress: of the stage, 0 to 1.
        length: share of the stage over which the strength rises; 0 means none.

    Returns:
        strength in (0, 1]; 1 from `length` on.

    Examples:
        >>> [round(ramp_up(progress, 0.4), 4) for progress in (0.0, 0.2, 0.4, 1.0)]
        [0.0067, 0.2865, 1.0, 1.0]
    """
    if progress >= length:
        return 1.0
    return math.exp(-5.0 * (1.0 - progress / length) ** 2)
