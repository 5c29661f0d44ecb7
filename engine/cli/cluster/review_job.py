"""What the tasks of a review have in common, in each worker."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .job import Job, Mark
from .places import Place

if TYPE_CHECKING:
    from ...evaluation.review import ReviewOptions
    from ...evaluation.review_raster import Labelled
    from ...inference import Backend


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
        self._loaded: tuple[list[Backend], ReviewOptions, Labelled] | None = None

    def permit(self) -> None:
        """Let this process read the job's files."""
        from ..review import permitted_run

        super().permit()
        permitted_run(self.options)

    @property
    def loaded(self) -> tuple[list[Backend], ReviewOptions, Labelled]:
        """The networks, how to review, and the ground that has labels; kept from one task to the next."""
        from ..review import labelled_of, networks_of, permitted_run, settings

        if self._loaded is None:
            run = permitted_run(self.options)
            networks, thresholds = networks_of(self.options, run)
            self._loaded = networks, settings(self.options, thresholds), labelled_of(self.options, run)
        return self._loaded
