"""Labels made by hand: their layers, what belongs together, shapes, completeness and walking; no widgets."""
