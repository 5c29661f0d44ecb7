"""What the tasks of a review have in common, in each worker."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .job import Job, Mark
from .workers import Place

if TYPE_CHECKING:
    from ...evaluation.review import ReviewMaterial, ReviewOptions


class ReviewJob(Job):
    """A review.

    Args:
        options: the command's, with absolute paths.
        rasters: all of them.
        mark: of the folder that workers write into.
        places: of workers, by name.
    """

    def __init__(self, options: argparse.Namespace, rasters: list[str], mark: Mark, places: dict[Any, Place]) -> None:
        super().__init__(options, rasters, mark, places)
        self._loaded: tuple[ReviewMaterial, ReviewOptions] | None = None

    def permit(self) -> None:
        """Let this process read the job's files."""
        from ..reviewing import permitted_run

        super().permit()
        permitted_run(self.options)

    @property
    def loaded(self) -> tuple[ReviewMaterial, ReviewOptions]:
        """What to review, and how; kept from one task to the next."""
        from ...evaluation.review import ReviewMaterial
        from ..reviewing import labelled_of, networks_of, permitted_run, settings

        if self._loaded is None:
            run = permitted_run(self.options)
            networks, thresholds = networks_of(self.options, run)
            material = ReviewMaterial(networks, self.rasters, labelled_of(self.options, run))
            self._loaded = material, settings(self.options, thresholds)
        return self._loaded
