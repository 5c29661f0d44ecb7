"""Click-to-segment: against a naive restatement, on awkward rasters, and graphs that are none."""

import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import rasterio
import shapely
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from engine.errors import ConfigError, GeoDistilError, PackageError
from engine.inference.click_model import MEAN, STD, ClickModel
from engine.inference.click_segmentation import ClickSegmenter, Prompt, View, as_bytes, outline
from tests import forks

sys.path.insert(0, str(Path(__file__).parents[2]))
from click_models import ALIKE, save_decoder, save_encoder

SIDE = 64


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    return save_encoder(folder / "encoder.onnx", SIDE), save_decoder(folder / "decoder.onnx", SIDE)


@pytest.fixture
def segmenter(graphs):
    return ClickSegmenter(ClickModel(*graphs, "cpu"))


def ground(size=(64, 64)):
    """A dark field with a bright block, a ring with a hole, a bright speck elsewhere, and noise below what is alike."""
    height, width = size
    image = np.full((3, height, width), 60, np.uint8)
    image[:, 8:20, 10:40] = 200  # the block: rows 8-20, columns 10-40
    image[:, 30:50, 30:50] = 200
    image[:, 36:44, 36:44] = 60  # the hole of the ring
    image[0] += np.random.default_rng(0).integers(0, 4, size).astype(np.uint8)
    return image


def save(path, image, transform, crs="EPSG:32632", **more):
    profile = {"driver": "GTiff", "dtype": image.dtype, "count": len(image), "crs": crs, "transform": transform}
    with rasterio.open(path, "w", **profile, height=image.shape[1], width=image.shape[2], **more) as file:
        file.write(image)
    return str(path)


def whole(path):
    with rasterio.open(path) as file:
        left, right = sorted((file.bounds.left, file.bounds.right))
        bottom, top = sorted((file.bounds.bottom, file.bounds.top))
        return View(str(path), (left, bottom, right, top))


def naive(image, inside, outside=()):
    """Pixels that look like the clicked ones: (H, W) bool of (3, H, W) bytes, clicks as (row, column)."""
    values = (image.transpose(1, 2, 0).astype(np.float64) - MEAN) / STD
    near = np.min([np.abs(values - values[place]).sum(-1) for place in inside], axis=0)
    found = near < ALIKE
    if outside:
        found &= near < np.min([np.abs(values - values[place]).sum(-1) for place in outside], axis=0)
    return found


def connected(mask, place):
    """The part of a mask at (row, column), by flooding it."""
    found, left = np.zeros_like(mask), [place]
    while left:
        row, column = left.pop()
        inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
        if inside and mask[row, column] and not found[row, column]:
            found[row, column] = True
            left += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return found


def burnt(area, path):
    """The raster's pixels whose middles an area covers."""
    with rasterio.open(path) as file:
        return rasterize([area.shape], file.shape, transform=file.transform).astype(bool)


def at(path, row, column):
    """Coordinates of a pixel's middle."""
    with rasterio.open(path) as file:
        return file.transform * (column + 0.5, row + 0.5)


def test_it_finds_what_a_naive_restatement_finds_to_the_pixel_and_keeps_holes(segmenter, tmp_path):
    image = ground()
    path = save(tmp_path / "ground.tif", image, Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    for row, column in ((10, 12), (32, 47), (40, 40)):
        area = segmenter.segment(whole(path), Prompt(inside=(at(path, row, column),)))
        wanted = connected(naive(image, [(row, column)]), (row, column))
        assert np.array_equal(burnt(area, path), wanted)
        assert area.shape.area == pytest.approx(wanted.sum() * 0.25) and area.crs == CRS.from_epsg(32632)
        assert 0 < area.score <= 1
    ring = segmenter.segment(whole(path), Prompt(inside=(at(path, 32, 47),))).shape
    assert len(ring.interiors) == 1 and len(shapely.get_coordinates(ring)) == 10  # no staircase


def test_several_clicks_are_several_parts_and_a_click_outside_takes_away(segmenter, tmp_path):
    image = ground()
    image[:, 8:20, 25:40] = 195  # the block's right half is a little darker, and still alike
    path = save(tmp_path / "ground.tif", image, Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    view, clicks = whole(path), [(10, 12), (32, 47)]
    both = segmenter.segment(view, Prompt(inside=tuple(at(path, *each) for each in clicks)))
    mask = naive(image, clicks)
    assert np.array_equal(burnt(both, path), connected(mask, (10, 12)) | connected(mask, (32, 47)))
    part = segmenter.segment(view, Prompt(inside=(at(path, 10, 12),), outside=(at(path, 10, 38),)))
    wanted = connected(naive(image, [(10, 12)], [(10, 38)]), (10, 12))
    assert 0 < wanted.sum() < connected(naive(image, [(10, 12)]), (10, 12)).sum()
    assert np.array_equal(burnt(part, path), wanted)


def test_a_box_bounds_the_area_and_needs_no_click(segmenter, tmp_path):
    path = save(tmp_path / "ground.tif", ground(), Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    box = (500_006.0, 5_299_990.5, 500_018.0, 5_299_998.0)  # columns 12-36, rows 4-19
    found = burnt(segmenter.segment(whole(path), Prompt(box=box)), path)
    wanted = np.zeros((64, 64), bool)
    wanted[8:19, 12:36] = True
    assert np.array_equal(found, wanted)


AWKWARD = {
    "degrees": ("EPSG:4326", Affine(2e-6, 0, 11.5, 0, -2e-6, 48.1)),
    "not_square": ("EPSG:32632", Affine(0.5, 0, 500_000, 0, -0.25, 5_300_000)),
    "south_up": ("EPSG:32632", Affine(0.5, 0, 500_000, 0, 0.5, 5_300_000)),
    "turned": ("EPSG:32632", Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000) * Affine.rotation(30)),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_areas_lie_where_the_object_lies_on_awkward_rasters(segmenter, tmp_path, name):
    crs, transform = AWKWARD[name]
    path = save(tmp_path / "ground.tif", ground(), transform, crs)
    area = segmenter.segment(whole(path), Prompt(inside=(at(path, 14, 25),)))
    truth = shapely.Polygon([transform * corner for corner in ((10, 8), (40, 8), (40, 20), (10, 20))])
    assert area.crs == CRS.from_user_input(crs)
    pixel = abs(transform.determinant) ** 0.5
    apart = shapely.hausdorff_distance(area.shape.exterior, truth.exterior, densify=0.01)
    stretch = max(np.hypot(transform.a, transform.d), np.hypot(transform.b, transform.e)) / pixel
    assert apart <= 1.5 * pixel * stretch
    assert area.shape.centroid.distance(truth.centroid) < 0.6 * pixel


def test_sixteen_bits_four_bands_and_no_data(segmenter, tmp_path):
    image = np.concatenate([ground(), ground()[:1]]).astype(np.uint16) * 40
    image[:, :, 30:] = np.where(image[:, :, 30:] > 6000, 0, image[:, :, 30:])  # no data from column 30 on
    image[3] = np.arange(64)[:, None] * 100 + 1  # near infrared, which must not matter
    path = save(tmp_path / "ground.tif", image, Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000), nodata=0)
    image[3, :, 30:] = np.where(image[0, :, 30:] == 0, 0, image[3, :, 30:])
    save(path, image, Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000), nodata=0)
    found = burnt(segmenter.segment(whole(path), Prompt(inside=(at(path, 14, 25),))), path)
    wanted = np.zeros((64, 64), bool)
    wanted[8:20, 10:30] = True
    assert np.array_equal(found, wanted)
    one = segmenter.segment(View(path, whole(path).extent, (1,)), Prompt(inside=(at(path, 14, 25),)))
    assert np.array_equal(burnt(one, path), wanted)
    other = segmenter.segment(View(path, whole(path).extent, (4,)), Prompt(inside=(at(path, 14, 5),)))
    assert burnt(other, path)[14, :9].all() and not np.array_equal(burnt(other, path), wanted)


def test_ground_without_data_is_no_area_whatever_it_looks_like(segmenter, tmp_path):
    image = np.full((3, 64, 64), 250, np.uint8)
    image[:, 20:40, 20:40] = np.array([124, 116, 104])[:, None, None]  # as what is shown where there is nothing
    image[:, :, 30:] = 0
    path = save(tmp_path / "ground.tif", image, Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000), nodata=0)
    found = burnt(segmenter.segment(whole(path), Prompt(inside=(at(path, 30, 25),))), path)
    wanted = np.zeros((64, 64), bool)
    wanted[20:40, 20:30] = True
    assert np.array_equal(found, wanted)


def test_other_values_than_bytes_are_stretched_between_percentiles():
    image = np.random.default_rng(0).integers(200, 3000, (3, 50, 50)).astype(np.uint16)
    valid = np.ones((50, 50), bool)
    valid[:10] = False
    image[:, :10] = 60_000
    found = as_bytes(image, valid)
    for band, values in zip(image, found, strict=True):
        low, high = np.percentile(band[valid], (2, 98))
        assert np.allclose(values, np.clip((band - low) / (high - low), 0, 1) * 255, atol=0.1)
    plain = image.astype(np.uint8)
    assert np.array_equal(as_bytes(plain, valid), plain)


@pytest.mark.parametrize("shown", [256, 40, 8])
def test_a_view_is_seen_at_its_own_resolution(segmenter, tmp_path, shown):
    """Of a raster of 256 pixels: all of it at 4 pixels for one, a part of it, and 8 pixels that are enlarged."""
    image = np.full((3, 256, 256), 60, np.uint8)
    image[:, 100:148, 100:164] = 200
    image[:, 102:106, 102:106] = 120
    path = save(tmp_path / "ground.tif", image, Affine(1, 0, 500_000, 0, -1, 5_300_000))
    corner = 128 - shown / 2 if shown > 100 else 98
    west, north = 500_000 + corner, 5_300_000 - corner
    view = View(path, (west, north - shown, west + shown, north))
    column = (120, 110, 104)[[256, 40, 8].index(shown)]
    area = segmenter.segment(view, Prompt(inside=(at(path, 104 if shown == 8 else 130, column),)))
    left, top, right, bottom = area.shape.bounds[0], area.shape.bounds[3], area.shape.bounds[2], area.shape.bounds[1]
    sides = (left - 500_000, 5_300_000 - top, right - 500_000, 5_300_000 - bottom)
    if shown == 256:
        assert sides == pytest.approx((100, 100, 164, 148), abs=4.01)
    elif shown == 40:
        assert sides[:2] == pytest.approx((100, 100)) and sides[2] == pytest.approx(
            150
        )  # SIDE pixels around the view's middle
    else:
        assert sides == pytest.approx((102, 102, 106, 106), abs=0.51)


def test_what_was_seen_of_a_view_is_kept_until_view_or_file_are_others(segmenter, tmp_path, monkeypatch):
    path = save(tmp_path / "ground.tif", ground(), Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    looks = []
    embed = ClickModel.embed
    monkeypatch.setattr(ClickModel, "embed", lambda self, image: looks.append(1) or embed(self, image))
    view, click = whole(path), Prompt(inside=(at(path, 10, 12),))
    first = segmenter.segment(view, click)
    assert segmenter.segment(view, Prompt(inside=(at(path, 32, 47),))).shape != first.shape and len(looks) == 1
    xmin, ymin, xmax, ymax = view.extent
    segmenter.segment(View(path, (xmin, ymin + 4, xmax - 4, ymax)), click)
    assert len(looks) == 2
    time.sleep(0.01)
    save(path, ground()[:, ::-1].copy(), Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    turned = segmenter.segment(view, Prompt(inside=(at(path, 50, 12),)))
    assert burnt(turned, path)[50, 12] and len(looks) == 3


def test_nothing_there_is_an_empty_area_and_nothing_meant_is_a_sentence(segmenter, tmp_path):
    path = save(tmp_path / "ground.tif", ground(), Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    same = at(path, 10, 12)
    assert segmenter.segment(whole(path), Prompt(inside=(same,), outside=(same,))).shape.is_empty
    for view, prompt, said in (
        (whole(path), Prompt(outside=(same,)), "Nothing says what is meant"),
        (whole(path), Prompt(inside=((0.0, 0.0),)), "outside of what is looked at"),
        (View(path, (0, 0, 1, 1)), Prompt(inside=(same,)), "does not touch"),
        (View(path, (1, 1, 1, 1)), Prompt(inside=(same,)), "extent is empty"),
        (View(path, whole(path).extent, (1, 2, 9)), Prompt(inside=(same,)), "3 bands"),
    ):
        with pytest.raises(GeoDistilError, match=said):
            segmenter.segment(view, prompt)


def test_small_holes_are_filled_and_thin_areas_stay():
    mask = np.zeros((40, 40), bool)
    mask[5:30, 5:30] = True
    mask[8:10, 8:10] = False  # 4 pixels
    mask[15:20, 15:20] = False  # 25
    mask[35, 2:38] = True
    mask[30:34, 30:34] = True  # touches the first by a corner
    found = outline(mask, np.array([[6.5, 6.5]]))
    assert len(found.interiors) == 1 and found.area == 25 * 25 - 25
    assert outline(mask, np.array([[10.5, 35.5]])).area == 36
    assert outline(mask, np.zeros((0, 2))).equals(found)  # the largest
    mask[33:39, 2:38] = False
    mask[37, 37] = True
    assert outline(mask, np.array([[37.5, 37.5]])).area == 1  # a speck that is meant
    assert outline(np.zeros((9, 9), bool), np.zeros((0, 2))).is_empty


FAMILY = {
    "SAM": ({}, {}),
    "SAM, pixels and several masks": ({"pixels": True}, {"masks": 4}),
    "SAM 2": (
        {"output": "image_embed", "names": ["high_res_feats_0", "high_res_feats_1"]},
        {"embedding": "image_embed", "more": ["high_res_feats_0", "high_res_feats_1"], "sized": False, "masks": 3},
    ),
    "coarse, resized by the graph": ({"shrink": 4}, {"shrink": 4}),
    "coarse, resized here": ({"shrink": 4}, {"shrink": 4, "sized": False}),
    "other names": ({"output": "features"}, {"embedding": "image_embeddings"}),
}


@pytest.mark.parametrize("name", FAMILY)
def test_signatures_of_the_family(tmp_path, name):
    encoder, decoder = FAMILY[name]
    side = 1024 if "pixels" in encoder else SIDE  # where the graph does not say
    model = ClickModel(
        save_encoder(tmp_path / "e.onnx", side, **encoder), save_decoder(tmp_path / "d.onnx", side, **decoder), "cpu"
    )
    assert model.side == side
    image = ground()
    path = save(tmp_path / "ground.tif", image, Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000))
    area = ClickSegmenter(model).segment(whole(path), Prompt(inside=(at(path, 14, 25),)))
    wanted = connected(naive(image, [(14, 25)]), (14, 25))
    found = burnt(area, path)
    if side == SIDE and not encoder.get("shrink"):
        assert np.array_equal(found, wanted)
    else:  # what is enlarged blurs at its edge
        assert (found & wanted).sum() / (found | wanted).sum() > 0.8


def changed(path, target, change):
    model = onnx.load(str(path))
    change(model.graph)
    onnx.save(model, str(target))
    return target


def rename(old, new):
    def change(graph):
        for node in graph.node:
            node.input[:] = [new if each == old else each for each in node.input]
            node.output[:] = [new if each == old else each for each in node.output]
        for each in (*graph.input, *graph.output):
            each.name = new if each.name == old else each.name

    return change


def test_what_is_no_such_model_has_its_sentence(graphs, tmp_path):
    encoder, decoder = graphs
    (tmp_path / "text.onnx").write_text("no graph")
    flat, oblong = tmp_path / "flat.onnx", tmp_path / "oblong.onnx"
    one, many = onnx.load(str(encoder)), onnx.load(str(encoder))
    one.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    onnx.save(one, str(flat))
    del many.graph.output[0].type.tensor_type.shape.dim[:]
    many.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 48
    onnx.save(many, str(oblong))
    tiny = save_encoder(tmp_path / "tiny.onnx", 16)
    other = save_encoder(tmp_path / "other.onnx", SIDE, shrink=2)
    two = save_encoder(tmp_path / "two.onnx", SIDE, names=["more"])
    foreign = changed(decoder, tmp_path / "foreign.onnx", rename("point_coords", "batched_points"))
    blind = changed(decoder, tmp_path / "blind.onnx", rename("image_embeddings", "sight"))
    unnamed = changed(decoder, tmp_path / "unnamed.onnx", rename("masks", "areas"))
    for first, second, said in (
        (tmp_path / "missing.onnx", decoder, "missing.onnx is not there"),
        (tmp_path / "text.onnx", decoder, "text.onnx is not a readable ONNX file"),
        (decoder, decoder, "no image encoder that is known here: it takes image_embeddings"),
        (flat, decoder, "no image encoder that is known here"),
        (oblong, decoder, "takes images of 48 x 64 pixels"),
        (tiny, decoder, "takes images of 16 pixels"),
        (encoder, encoder, "no prompt decoder that is known here: it takes image .*, and no point_coords"),
        (encoder, foreign, "no point_coords"),
        (other, decoder, "they are not of one model"),
        (two, blind, "they are not of one model"),
        (encoder, unnamed, "returns areas, iou_predictions, and no masks"),
    ):
        with pytest.raises(PackageError, match=said) as found:
            ClickModel(first, second, "cpu")
        assert "\n" not in str(found.value)


def test_graphs_that_answer_otherwise_than_they_say_are_a_sentence(graphs, tmp_path):
    def flatten(graph):
        shape = onnx.numpy_helper.from_array(np.array([1, -1], np.int64), "flat")
        graph.initializer.append(shape)
        graph.node[-1].output[:] = ["whole"]
        graph.node.append(onnx.helper.make_node("Reshape", ["whole", "flat"], ["image_embeddings"]))
        del graph.output[0].type.tensor_type.shape.dim[:]

    def scores(graph):
        place = next(each for each in graph.node if each.output[0] == "iou_predictions")
        graph.initializer.append(onnx.numpy_helper.from_array(np.zeros((1, 5), np.float32), "five"))
        place.input[:] = ["five"]
        graph.output[1].type.tensor_type.shape.dim[1].dim_value = 5

    encoder, decoder = graphs
    image, points = np.zeros((SIDE, SIDE, 3), np.float32), np.array([[3.0, 3.0]])
    fine = ClickModel(encoder, decoder, "cpu")
    torn = ClickModel(encoder, changed(decoder, tmp_path / "torn.onnx", scores), "cpu")
    with pytest.raises(PackageError, match="what are no masks"):
        torn.decide(fine.embed(image), points, np.array([1]))
    with pytest.raises(PackageError, match="no embedding"):
        fine.embed(np.full_like(image, np.nan))
    flat = changed(encoder, tmp_path / "flat.onnx", flatten)
    with pytest.raises(PackageError, match=r"flat.onnx|not of one model"):
        ClickModel(flat, decoder, "cpu").embed(image)


INTERRUPTED = """
import os, signal, sys, threading, time
from pathlib import Path
import numpy as np
from engine.inference.click_model import ClickModel
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
model = ClickModel(*map(Path, sys.argv[1:]), "cpu")
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
begun = time.monotonic()
try:
    model.embed(np.zeros((512, 512, 3), np.float32))
except KeyboardInterrupt:
    print(time.monotonic() - begun)
"""


def test_a_long_look_is_ended_by_an_interruption(tmp_path):
    """Of some ten seconds; in a process of its own, for what else runs in this one may swallow the signal."""
    files = save_encoder(tmp_path / "slow.onnx", 512, slow=600), save_decoder(tmp_path / "decoder.onnx", 512)
    command = [sys.executable, "-c", INTERRUPTED, *map(str, files)]
    said = forks.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=120)
    assert said.stdout and float(said.stdout) < 3, said.stderr


def test_no_prompt_is_a_config_error():
    with pytest.raises(ConfigError):
        ClickSegmenter(None).segment(View("", (0, 0, 1, 1)), Prompt())
