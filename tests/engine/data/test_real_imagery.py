import itertools

import numpy as np
import pytest

from engine.config import Area, ClassDefinition, Labels, PartialMultitask, Run, Source, Supervised, Training
from engine.data import prepare, training_loader, validation_batches
from engine.data.grid import Window
from engine.data.radiometry import TOLERANCE
from engine.data.raster import RasterReader


@pytest.fixture(scope="module")
def pair(imagery):
    """Munich's vehicles and Banepa's buildings at 0.13 m."""
    banepa, munich = imagery / "banepa", imagery / "munich_cars"
    run = Run(
        gsd=0.13,
        sources=[
            Source(
                raster=str(banepa / "banepa.vrt"),
                role="segmentation",
                nodata=255,
                labels=Labels(path=str(banepa / "buildings.gpkg")),
                area=Area(path=str(banepa / "labelled_area.gpkg"), where="split = 'train'"),
            ),
            *(
                Source(
                    raster=str(munich / f"scene1_frame{frame:02}.tif"),
                    role="detection",
                    labels=Labels(path=str(munich / "vehicles.gpkg"), field="vehicle"),
                )
                for frame in (1, 2)
            ),
        ],
        detection_classes=[ClassDefinition(name=name) for name in ("car", "bus", "minibus")],
        segmentation_classes=[ClassDefinition(name="building")],
        recipe=PartialMultitask(),
        training=Training(workers=0, chip_size=128),
    )
    return prepare(run), run


def test_the_uneven_pair_becomes_batches(pair):
    prepared, run = pair
    assert prepared.label_counts["segmentation"]["building"] > 800
    assert prepared.label_counts["detection"]["car"] > 50
    assert all(50 < mean < 200 for mean in prepared.mean)
    masks = [batch.mask for batch in itertools.islice(training_loader(prepared, run, "segmentation"), 4)]
    assert 0.1 < np.mean([(mask == 1).float().mean() for mask in masks]) < 0.9
    assert sum(len(boxes) for boxes in next(training_loader(prepared, run, "detection")).boxes) > 3
    for role in ("detection", "segmentation"):
        assert len(validation_batches(prepared, run, role)) > 0


def test_vehicles_lie_where_the_image_shows_them(pair):
    """Cars differ from the street around them, and would not if boxes were off by their own size."""
    source = pair[0].sources[1]
    image, _ = source.reader.read(0, 0, source.reader.grid.width, source.reader.grid.height)
    grey = image.mean(axis=0)
    boxes, _ = source.labels.objects(Window(0, 0, *grey.shape[::-1]))

    def contrast(shift):
        values = []
        for left, top, right, bottom in (boxes + np.full(4, shift)).round().astype(int):
            if left > 0 and top > 0 and right < grey.shape[1] and bottom < grey.shape[0]:
                values.append(grey[top:bottom, left:right].std())
        return np.mean(values)

    assert contrast(0) > 1.3 * contrast(60)


def test_white_ground_without_data_is_found(imagery):
    reader = RasterReader(imagery / "banepa" / "banepa.vrt", nodata=255)
    image, valid = reader.read(10_600, 1_300, 664, 256)
    white, nearly = (image == 255).all(axis=0), (image >= 255 - TOLERANCE).all(axis=0)
    assert 0 < valid.mean() < 1
    assert not valid[white].any() and nearly[~valid].all()
    assert (~valid & ~white).any(), "these tiles are JPEG: their white has a collar"


def test_a_jpeg_scene_and_its_class_raster_fit(imagery):
    folder = imagery / "dubai"
    classes = ("building", "land", "road", "vegetation", "water")
    run = Run(
        sources=[
            Source(
                raster=str(folder / "tile1_part1.jpg"),
                role="segmentation",
                labels=Labels(path=str(folder / "tile1_part1_classes.tif"), ignore_values=["0"]),
            )
        ],
        segmentation_classes=[ClassDefinition(name=name, values=[str(i)]) for i, name in enumerate(classes, 1)],
        background=False,
        recipe=Supervised(),
        training=Training(workers=0, chip_size=128),
    )
    prepared = prepare(run)
    assert prepared.gsd == pytest.approx(1, rel=1e-3)
    assert sum(prepared.label_counts["segmentation"].values()) > 300_000
    batch = next(training_loader(prepared, run, "segmentation"))
    assert set(batch.mask.unique().tolist()) <= {0, 1, 2, 3, 4, 255}


def test_four_bands_alpha_and_sixteen_bits_open(imagery):
    folder = imagery / "formats"
    naip = RasterReader(folder / "m_4709963_se_14_1_20200831.tif")
    assert naip.bands == [1, 2, 3, 4] and naip.read(100, 100, 64, 64)[1].any()
    alpha = RasterReader(folder / "RGB-PanSharpen_AOI_2_Vegas_img0.tif", gsd=0.5)
    image, valid = alpha.read(50, 50, 64, 64)
    assert alpha.bands == [1, 2, 3] and image.shape == (3, 64, 64) and valid.all()
    deep = RasterReader(folder / "sample_geotiff.tif")
    assert deep.dtype == "uint16" and deep.read(0, 0, 64, 64)[0].max() > 255
