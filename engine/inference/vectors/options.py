"""What can be asked of polygons and centre lines, in ground units."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ...config.limits import BOUNDED, ClassValues, Extent, Length


class PolygonOptions(BaseModel):
    """How a class map becomes polygons; class values are those of the map, 0 is background."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_area_m2: Extent = Field(
        0,
        description="Smaller areas go to the class or background they share most border with; the rest is left out.",
    )
    fill_holes_m2: Extent = Field(0, description="The same for areas of background.")
    simplify_m: Length = Field(
        0, description="Tolerance of simplification; shared borders stay shared. 0 keeps the pixels' outlines."
    )
    right_angled: ClassValues = Field(
        frozenset(), description="Class values whose outlines get right angles, on their own: neighbours may overlap."
    )
    classes: ClassValues | None = Field(None, description="Class values to write; none for all.")


class LineOptions(BaseModel):
    """How the thin areas of a class become centre lines."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_area_m2: Extent = Field(20, description="Smaller areas of the class are left out.")
    fill_holes_m2: Extent = Field(20, description="Smaller holes are closed: a line would run round each.")
    maximum_width_m: float = Field(30, gt=0, le=1e6, description="Wider places give no line.")
    spur_m: Length = Field(10, description="Branches and pieces with a free end are dropped below this length.")
    gap_m: Length = Field(0, description="Free ends that point at each other are joined up to this distance.")
    gap_degrees: float = Field(30, gt=0, le=90, description="How far both ends may point past each other.")
    minimum_length_m: Length = Field(10, description="Shorter lines with a free end are dropped in the end.")
    simplify_m: Length = Field(1, description="Tolerance of simplification before smoothing.")
    smoothing: int = Field(2, ge=0, le=5, description="Rounds of Chaikin's corner cutting.")
