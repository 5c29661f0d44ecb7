import io

import numpy as np
from PIL import Image

from engine.report import Labelling, preview_png
from engine.report.preview import _tinted

AREAS = [("background", "#000000"), ("roof", "#ff0000")]
OBJECTS = [("car", "#00ff00")]


def picture(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_masks_tint_classes_leave_background_clear_and_grey_what_is_ignored():
    image = np.full((4, 4, 3), 100, np.uint8)
    mask = np.zeros((4, 4), np.uint8)
    mask[0], mask[1] = 1, 255
    tinted = _tinted(image, mask, AREAS)
    assert tinted[0, 0].tolist() == [178, 50, 50]
    assert tinted[1, 0].tolist() == [120, 120, 120] and tinted[2, 0].tolist() == [100, 100, 100]
    assert (image == 100).all()


def test_the_picture_shows_truth_and_prediction_beside_the_image():
    images = [np.full((64, 64, 3), 90, np.uint8)] * 2
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 32:] = 1
    truth = [Labelling(mask=mask), Labelling(boxes=np.array([[10.0, 10, 50, 40]]), labels=np.array([0]))]
    nothing = [Labelling(), Labelling(boxes=np.zeros((0, 4)), labels=np.zeros(0, int))]
    shown = picture(preview_png(images, {"truth": truth, "prediction": nothing}, AREAS, OBJECTS))
    height, width, _ = shown.shape
    chips = shown[: int(height * 0.88)]
    reddish = (chips[..., 0] > 150) & (chips[..., 1] < 80)
    greenish = (chips[..., 1] > 200) & (chips[..., 0] < 60)
    for found in (reddish, greenish):
        columns = np.nonzero(found)[1]
        assert len(columns) > 50 and width / 3 < columns.min() and columns.max() < 2 * width / 3
    assert np.nonzero(reddish)[0].max() < np.nonzero(greenish)[0].min()
