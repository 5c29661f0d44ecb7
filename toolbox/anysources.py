"""Sources of any role, each of them optional: what plain training, distillation and the check have in common."""

from __future__ import annotations

from qgis.core import QgsProcessing, QgsProcessingContext, QgsProcessingParameterNumber, QgsWkbTypes

from ..jobs.run_folder import RoleLayers
from ..jobs.translation import tr
from ..jobs.vocabulary import headed, spoken
from .base import Parameters
from .training import Double, TrainingAlgorithm

ROLES = ("detection", "segmentation")
LABELS = {
    "detection": (
        tr("Detection: labels (polygons or points)"),
        [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorPoint],
    ),
    "segmentation": (
        tr("Segmentation: labels (polygons or class raster)"),
        [QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeRaster],
    ),
}


class AnySources(TrainingAlgorithm):
    """Boxes, areas and unlabelled imagery, as far as there are any."""

    UNLABELLED = True
    NEEDED: tuple[str, ...] = ROLES
    """Roles of which there must be at least one."""

    def add_sources(self) -> None:
        """Boxes, areas, and imagery without labels."""
        self.add_labelled_sources()
        if self.UNLABELLED:
            self.add_unlabelled(optional=True)

    def add_labelled_sources(self) -> None:
        """Boxes and areas, neither required."""
        for role, (text, types) in LABELS.items():
            self.add_labelled(role, text, types, optional=True)
        self.addParameter(
            QgsProcessingParameterNumber(
                "BOX_SIZE", tr("Detection: side of the box around a point (metres)"), Double, optional=True, minValue=0
            )
        )

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """The roles that have imagery."""
        layers = [self.labelled(role, parameters, context) for role in self.roles(parameters, context)]
        for each in layers:
            if each.role == "detection":
                each.box_size = self.parameterAsDouble(parameters, "BOX_SIZE", context) or None
        return layers + (self.unlabelled(parameters, context) if self.UNLABELLED else [])

    def roles(self, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        """The labelled roles that have imagery."""
        return [role for role in ROLES if self.parameterAsLayerList(parameters, f"{role.upper()}_RASTERS", context)]

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """Imagery and labels go together, points need a box size, and something must be there."""
        given = set(self.roles(parameters, context))
        for role in ROLES:
            labels = self.parameterAsLayer(parameters, f"{role.upper()}_LABELS", context)
            if (labels is None) == (role in given):
                return tr("{role} needs both imagery and labels, or neither.").format(role=headed(spoken(role)))
        if self.UNLABELLED and self.unlabelled(parameters, context):
            given.add("unlabelled")
        if not given & set(self.NEEDED):
            names = tr(" or ").join(map(spoken, self.NEEDED))
            return tr("There is nothing to work on: give imagery for {names}.").format(names=names)
        return self._points(parameters, context) or super().problem(parameters, context)

    def _points(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        labels = self.parameterAsVectorLayer(parameters, "DETECTION_LABELS", context)
        points = labels is not None and labels.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
        if points and not self.parameterAsDouble(parameters, "BOX_SIZE", context):
            return tr("The detection labels {labels} are points: give the side of the box around a point.").format(
                labels=labels.name()
            )
        return ""
