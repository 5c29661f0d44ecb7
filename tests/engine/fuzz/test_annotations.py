"""Annotations of strangers, changed in every place: read, or refused in a sentence, and never anything else."""

import copy
import json
import random

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from engine.errors import GeoDistilError
from engine.events import EventLog
from engine.exchange.formats import FORMATS
from engine.exchange.importing import Question, read_labels

COCO = {
    "images": [{"id": 1, "file_name": "one.tif", "width": 40, "height": 30}],
    "categories": [{"id": 1, "name": "car"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 6, 10, 8], "segmentation": [[1, 2, 9, 2, 9, 9]]},
        {"id": 2, "image_id": 1, "category_id": 1, "segmentation": {"size": [30, 40], "counts": [100, 50, 1050]}},
    ],
}
VALUES = [
    None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400, "", "a", "\0", [], {}, [1], [[1]], {"a": 1},
    [1, 2, 3, 4], "../../etc/passwd", "1",
]  # fmt: skip
CAR = b"<name>car</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
TEXTS = {
    "yolo": ("a.txt", b"0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.2 0.1 0.2 0.2\n"),
    "voc": (
        "a.xml",
        b"<annotation><filename>a.tif</filename><object>" + CAR + b"</object></annotation>",
    ),
}


def places(values, path=()):
    yield path
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


def changed(values, path, value):
    if not path:
        return value
    values = copy.deepcopy(values)
    owner = values
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    return values


def refused(read):
    """Whether it was refused, in one line."""
    try:
        read()
    except GeoDistilError as error:
        assert "\n" not in str(error)
        return True
    return False


@pytest.mark.parametrize("role", ["detection", "segmentation"])
def test_coco_with_any_value_anywhere(tmp_path, role):
    (tmp_path / "images").mkdir()
    with rasterio.open(
        tmp_path / "images" / "one.tif", "w", driver="GTiff", width=40, height=30, count=1, dtype="uint8",
        crs="EPSG:32645", transform=from_origin(300_000, 3_000_000, 0.5, 0.5),
    ) as image:  # fmt: skip
        image.write(np.ones((1, 30, 40), np.uint8))
    path, log = tmp_path / "annotations.json", EventLog(None)
    question = Question(path, "coco", None, [], None, {}, role, True)
    path.write_text(json.dumps(COCO))
    assert len(read_labels(question, log).geometries) == (2 if role == "detection" else 1)  # they touch
    count = 0
    for place in places(COCO):
        for value in VALUES:
            path.write_text(json.dumps(changed(COCO, place, value)))
            count += refused(lambda: read_labels(question, log))
    assert count > 300


@pytest.mark.parametrize("name", TEXTS)
def test_texts_with_any_bytes(tmp_path, name):
    file, content = TEXTS[name]
    rng = random.Random(0)
    count = 0
    for _ in range(1500):
        broken = bytearray(content)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        (tmp_path / file).write_bytes(broken)
        count += refused(lambda: FORMATS[name].read(tmp_path, {}))
    assert 100 < count < 1500
