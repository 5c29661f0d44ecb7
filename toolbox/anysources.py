"""Sources of any role, each of them optional: what plain training, distillation and the check have in common."""

from __future__ import annotations

from qgis.core import QgsProcessingContext

from ..jobs.run_folder import RoleLayers
from ..jobs.translation import tr
from ..jobs.vocabulary import headed, spoken
from .base import Parameters
from .labelled import LABELS
from .training import TrainingAlgorithm


class AnySources(TrainingAlgorithm):
    """Boxes, areas and unlabelled imagery, as far as there are any."""

    UNLABELLED = True
    NEEDED: tuple[str, ...] = tuple(LABELS)
    """Roles of which there must be at least one."""

    def add_sources(self) -> None:
        """Boxes, areas, and imagery without labels."""
        self.add_labelled_sources()
        if self.UNLABELLED:
            self.add_unlabelled(optional=True)

    def add_labelled_sources(self) -> None:
        """Boxes and areas, neither required."""
        for role in LABELS:
            self.add_labelled(role, optional=True)

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """The roles that have imagery."""
        layers = [self.labelled(role, parameters, context) for role in self.roles(parameters, context)]
        return layers + (self.unlabelled(parameters, context) if self.UNLABELLED else [])

    def roles(self, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        """The labelled roles that have imagery."""
        return [role for role in LABELS if self.parameterAsLayerList(parameters, f"{role.upper()}_RASTERS", context)]

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """Imagery and labels go together, and something must be there."""
        given = set(self.roles(parameters, context))
        for role in LABELS:
            labels = self.parameterAsLayer(parameters, f"{role.upper()}_LABELS", context)
            if (labels is None) == (role in given):
                return tr("{role} needs both imagery and labels, or neither.").format(role=headed(spoken(role)))
        if self.UNLABELLED and self.unlabelled(parameters, context):
            given.add("unlabelled")
        if not given & set(self.NEEDED):
            names = tr(" or ").join(map(spoken, self.NEEDED))
            return tr("There is nothing to work on: give imagery for {names}.").format(names=names)
        return super().problem(parameters, context)
