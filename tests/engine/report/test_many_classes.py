"""Sixty classes on a page that can be read."""

import io

import numpy as np
import pytest
from PIL import Image

from engine.report import Labelling, preview_png
from engine.report.markup import MOST_CURVES, precision_recall_chart
from engine.report.sections import MOST_ACROSS, _confusion

NAMES = [f"class {index}" for index in range(60)]
COLOURS = dict.fromkeys(NAMES, "#aa3311")


def test_a_matrix_of_many_classes_becomes_a_list_of_what_each_is_taken_for():
    matrix = np.diag(np.full(60, 70))
    matrix[7, [3, 20, 31, 44]] = 4, 16, 9, 1
    page = _confusion(NAMES, matrix.tolist(), COLOURS)
    (row,) = [each for each in page.split("<tr>") if "class 7<" in each]
    assert "0.700" in row and "class 20 0.160, class 31 0.090, class 3 0.040" in row and "class 44" not in row
    assert page.count("<td") == 60 * 3
    few = _confusion(NAMES[:MOST_ACROSS], matrix[:MOST_ACROSS, :MOST_ACROSS].tolist(), COLOURS)
    assert few.count("<td") == MOST_ACROSS * (MOST_ACROSS + 1)


def test_of_many_curves_those_are_drawn_that_lie_lowest():
    curves = {name: {"recall": [0, 0.5, 1], "precision": [1 - index / 100] * 3} for index, name in enumerate(NAMES)}
    chart = precision_recall_chart("detection", curves)
    drawn = [name for name in NAMES if f">{name}<" in chart]
    assert drawn == NAMES[-MOST_CURVES:]


@pytest.mark.parametrize("classes", [2, 60])
def test_the_legend_leaves_the_pictures_their_room(classes):
    areas = [("background", "#000000"), *((name, "#ff0000") for name in NAMES[: classes - 1])]
    mask = np.repeat(np.arange(64, dtype=np.uint8)[:, None] % classes, 64, axis=1)
    objects = [(name, "#00ff00") for name in NAMES[:classes]]
    png = preview_png([np.full((64, 64, 3), 90, np.uint8)], {"truth": [Labelling(mask=mask)]}, areas, objects)
    shown = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert (shown == 90).all(axis=-1).mean() > 0.2  # the image itself, one of two columns
