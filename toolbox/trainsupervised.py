"""Plain training: one network on labels alone."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext

from ..jobs.translation import tr
from .base import Parameters
from .training import AnySources
from .trainpartialmultitask import TrainPartialMultitask


class TrainSupervised(AnySources):
    """The recipe `supervised`."""

    NAME = "trainsupervised"
    KIND = "supervised"
    TITLE = tr("Train from labels")
    SUMMARY = tr("One network for detection, segmentation or both, from labels alone, without teachers.")
    HELP = tr(
        "Trains one network on labels alone: on boxes, on areas, or on both. There are no teachers, so it is the "
        "quickest training, and the one to compare distilled networks with.\n\n"
        "Where some imagery has boxes and other has areas, 'Train from boxes and areas' usually does better; with few "
        "areas and much imagery, 'Train from few areas and much imagery' does.\n\n"
        "The labelled area matters: inside it, ground without a label is taken as background.\n\n"
        "Cancelling writes a checkpoint; the same settings and run folder continue from it."
    )
    TAGS = ("train", "supervised", "detection", "segmentation", "baseline")
    METRICS = TrainPartialMultitask.METRICS
    UNLABELLED = False

    def add_recipe(self) -> None:
        """The network's size."""
        self.add_size("NETWORK", tr("Size of the network"), "small")

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """One network."""
        return {"kind": self.KIND, "network": self.size("NETWORK", parameters, context)}
