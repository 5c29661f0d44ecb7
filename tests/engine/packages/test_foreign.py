"""ONNX files of other programs: what they say, what they lack, and that their outputs come out as ours."""

import json
import os
import re
from pathlib import Path

import numpy as np
import onnx
import pyogrio
import pytest
import rasterio
from onnx import TensorProto, helper

from engine.cli.main import main
from engine.data.raster import RasterReader
from engine.errors import PackageError
from engine.inference import OnnxBackend, OpenVinoBackend
from engine.packages import load_card, package_folder
from engine.packages.foreign import inspect_onnx

TILE = 64
SEGMENTOR = {
    "model_type": "Segmentor",
    "class_names": {"0": "_background", "1": "field", "2": "forest"},
    "resolution": 50,
    "tiles_size": TILE,
    "standardization_mean": [0.4, 0.4, 0.4],
    "standardization_std": [0.2, 0.2, 0.2],
}
DETECTOR = {"model_type": "Detector", "class_names": {"0": "car", "1": "bus"}, "resolution": 50, "det_conf": 0.4}
BOXES = np.array([[20, 20, 16, 8], [44, 40, 10, 12]], np.float32)
"""Centre x, centre y, width, height of a bus and a car."""
SCORES = np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)
WEAK = 30
"""Candidates without a score, so that the layout is plain from the shape."""


@pytest.fixture(scope="session")
def imagery():
    """The folder of real imagery."""
    folder = Path(os.environ.get("GEODISTIL_DATA") or Path(__file__).parents[4] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"there is no real imagery at {folder}")
    return folder


def layout(kind):
    """The two boxes as a network of this kind returns them, among candidates without a score."""
    weak = np.zeros((WEAK, 2), np.float32)
    boxes = np.concatenate([BOXES, np.tile(BOXES[:1], (WEAK, 1))])
    scores = np.concatenate([SCORES, weak])
    rows = np.concatenate([boxes, scores], axis=1)
    one = np.ones((len(rows), 1), np.float32)
    if kind in ("YOLO_Ultralytics", "YOLO_v9"):
        return rows.T[None]
    if kind == "YOLO_Ultralytics_segmentation":
        return np.concatenate([rows, np.tile(one, (1, 32))], axis=1).T[None]
    if kind == "YOLO_Ultralytics_obb":  # turned by a quarter, so width and height change places
        turned = rows[:, [0, 1, 3, 2, 4, 5]]
        return np.concatenate([turned, one * np.pi / 2], axis=1).T[None]
    if kind == "YOLO_v5_or_v7_default":
        return np.concatenate([boxes, one * 0.95, scores], axis=1)[None]
    if kind == "YOLO_v6":
        return np.concatenate([boxes, one, scores], axis=1)[None]
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
    return np.concatenate([corners, scores.max(1, keepdims=True), scores.argmax(1)[:, None]], axis=1)[None]


def answers(path, images, backend=OnnxBackend, sidecar=None):
    folder = package_folder(path, sidecar)
    return backend(folder, load_card(folder)).run(images)


IMAGES = np.random.default_rng(1).integers(0, 255, (2, 3, TILE, TILE), np.uint8)


@pytest.mark.parametrize("opset", [9, 13, 18])
@pytest.mark.parametrize("end", ["Identity", "Softmax"])
def test_a_segmentor_gives_the_classes_that_the_other_plugin_gives(save_segmentor, end, opset):
    if end == "Softmax" and opset < 13:
        pytest.skip("its softmax is another one")
    path, weights = save_segmentor(end=end, opset=opset)
    given = (IMAGES / 255 - 0.4) / 0.2
    expected = np.einsum("kc,bchw->bkhw", weights, given)
    found = answers(path, IMAGES).segmentation
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    card = load_card(path)
    assert (card.gsd, card.tile_size, card.tasks) == (0.5, TILE, ["segmentation"])
    assert card.background and [one.name for one in card.segmentation_classes] == ["field", "forest"]


def test_both_libraries_run_an_adopted_model_alike(save_segmentor):
    path, _ = save_segmentor()
    by_onnx, by_openvino = (answers(path, IMAGES, backend).segmentation for backend in (OnnxBackend, OpenVinoBackend))
    assert np.abs(by_onnx - by_openvino).max() < 0.03


@pytest.mark.parametrize("threshold", [0.5, 0.8])
@pytest.mark.parametrize("end", ["Identity", "Sigmoid"])
def test_one_channel_is_one_class_from_its_threshold_on(save_segmentor, end, threshold):
    metadata = {**SEGMENTOR, "class_names": {"0": "field"}, "seg_thresh": threshold}
    path, weights = save_segmentor(1, metadata, end)
    share = 1 / (1 + np.exp(-np.einsum("kc,bchw->bkhw", weights, (IMAGES / 255 - 0.4) / 0.2)[:, 0]))
    found = answers(path, IMAGES).segmentation
    assert 0.05 < (share >= threshold).mean() < 0.95
    np.testing.assert_array_equal(found.argmax(1) == 1, share > threshold)
    assert [one.name for one in load_card(path).segmentation_channels()] == ["background", "field"]


def test_classes_under_the_threshold_do_not_count(save_segmentor):
    path, weights = save_segmentor(metadata={**SEGMENTOR, "seg_thresh": 0.7})
    logits = np.einsum("kc,bchw->bkhw", weights, (IMAGES / 255 - 0.4) / 0.2)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    shares[shares < 0.7] = 0
    found = answers(path, IMAGES).segmentation
    assert 0.01 < (shares.max(1) == 0).mean() < 0.99
    np.testing.assert_array_equal(found.argmax(1), shares.argmax(1))


@pytest.mark.parametrize(
    "kind",
    [
        "YOLO_Ultralytics",
        "YOLO_v9",
        "YOLO_Ultralytics_segmentation",
        "YOLO_Ultralytics_obb",
        "YOLO_v5_or_v7_default",
        "YOLO_v6",
        "YOLO_v10",
    ],
)
def test_every_layout_of_the_yolo_family_gives_the_same_boxes(save_detector, kind):
    more = ["protos"] if kind == "YOLO_Ultralytics_segmentation" else []
    path = save_detector(layout(kind), {**DETECTOR, "det_type": kind}, more)
    (found,) = answers(path, IMAGES[:1]).objects
    order = np.argsort(-np.asarray(found.scores))
    boxes = np.concatenate([BOXES[:, :2] - BOXES[:, 2:] / 2, BOXES[:, :2] + BOXES[:, 2:] / 2], axis=1)
    np.testing.assert_allclose(np.asarray(found.boxes)[order], boxes, atol=1e-3)
    assert np.asarray(found.labels)[order].tolist() == [1, 0]
    share = 0.95 if kind == "YOLO_v5_or_v7_default" else 1
    np.testing.assert_allclose(np.asarray(found.scores)[order], [0.9 * share, 0.8 * share], atol=1e-5)
    assert load_card(path).score_threshold == 0.4


@pytest.mark.parametrize("kind, number", [("FLOAT16", TensorProto.FLOAT16), ("UINT8", TensorProto.UINT8)])
def test_inputs_of_other_numbers_are_fed(save, kind, number):
    nodes = [helper.make_node("Cast", ["images"], ["out"], to=TensorProto.FLOAT)]
    metadata = {
        **SEGMENTOR,
        "standardization_mean": [0.0],
        "standardization_std": [1.0 if kind == "FLOAT16" else 1 / 255],
    }
    path = save(nodes, {"out": [1, 3, TILE, TILE]}, metadata=metadata, kind=number)
    np.testing.assert_array_equal(answers(path, IMAGES).segmentation.argmax(1), IMAGES.argmax(1))


def test_a_form_asks_for_what_a_file_does_not_say(save_segmentor, tmp_path):
    path, _ = save_segmentor(metadata={}, size="side")
    asked = inspect_onnx(path)
    assert [one["key"] for one in asked["missing"]] == ["model_type", "resolution", "tile_size"] and not asked["ready"]
    assert asked["missing"][0]["likely"] == ["Segmentor", "Regressor"]
    assert asked["missing"][1]["schema"]["anyOf"][0]["type"] == "number"
    with pytest.raises(
        PackageError, match=r"model\.onnx does not say its model_type, resolution, tile_size.*--describe"
    ):
        package_folder(path)
    sidecar = tmp_path / "said.json"
    sidecar.write_text(json.dumps({**SEGMENTOR, "tile_size": 96, "bands": [3, 2, 1]} | {}).replace("tiles_size", "x"))
    with pytest.raises(PackageError, match=r"said\.json has the unknown key 'x'"):
        package_folder(path, sidecar)
    said = {key: value for key, value in SEGMENTOR.items() if key != "tiles_size"}
    (tmp_path / "model.json").write_text(json.dumps({**said, "tile_size": 96, "bands": [3, 2, 1]}))
    assert inspect_onnx(path)["ready"]
    card = load_card(path)
    assert (card.tile_size, card.bands, card.gsd) == (96, [3, 2, 1], 0.5)


def test_what_the_ultralytics_exporter_writes_is_understood(save_detector):
    path = save_detector(layout("YOLO_Ultralytics"), {"task": "detect", "stride": 32, "imgsz": [TILE, TILE]})
    model = onnx.load(path)
    entry = model.metadata_props.add()
    entry.key, entry.value = "names", "{0: 'car', 1: 'bus'}"
    onnx.save(model, path)
    asked = inspect_onnx(path)
    assert asked["known"] == {
        "model_type": "Detector", "det_type": "YOLO_Ultralytics", "class_names": ["car", "bus"], "tile_size": TILE,
    }  # fmt: skip
    assert [one["key"] for one in asked["missing"]] == ["resolution"]


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"class_names": {"0": "a", "1": "b"}}, r"returns 3 channels and names 2 classes"),
        ({"class_names": {"0": "a", "2": "b"}}, r"metadata of \S+\.onnx has a wrong 'class_names': the numbers"),
        ({"resolution": -5}, r"metadata of \S+\.onnx has a wrong 'resolution'"),
        ({"model_type": "Detector", "det_type": "YOLO_v6"}, r"returns \[1, 3, 64, 64\], which no Detector does"),
        ({"model_type": "Superresolution"}, r"metadata of \S+\.onnx has a wrong 'model_type'"),
    ],
)
def test_what_does_not_fit_is_one_sentence(save_segmentor, change, sentence):
    path, _ = save_segmentor(metadata={**SEGMENTOR, **change})
    with pytest.raises(PackageError, match=sentence):
        package_folder(path)


def test_wrong_shapes_and_unknown_operators_are_one_sentence(save, save_detector, tmp_path):
    path = save([helper.make_node("MaxPool", ["images"], ["out"], kernel_shape=[2, 2], strides=[2, 2])],
                {"out": [1, 3, 32, 32]}, metadata=SEGMENTOR)  # fmt: skip
    with pytest.raises(PackageError, match=r"returns \[1, 3, 32, 32\] for an image of 64 pixels"):
        package_folder(path)
    path = save_detector(layout("YOLO_v6"), {**DETECTOR, "det_type": "YOLO_Ultralytics"})
    with pytest.raises(PackageError, match=r"which is not what YOLO_Ultralytics with 2 classes returns"):
        package_folder(path)
    path = save(
        [helper.make_node("Identity", ["images"], ["out"])], {"out": [2, 3, TILE, TILE]}, metadata=SEGMENTOR, batch=2
    )
    with pytest.raises(PackageError, match=r"one at a time or any number"):
        package_folder(path)
    strange = save([helper.make_node("Strange", ["images"], ["out"])], {"out": [1, 3, TILE, TILE]}, metadata=SEGMENTOR)
    for content in (strange.read_bytes(), b"nothing", b""):
        strange.write_bytes(content)
        with pytest.raises(PackageError, match=r"model\.onnx (has the operator Strange|is no ONNX file), [^\n]+$"):
            package_folder(strange)
    with pytest.raises(PackageError, match="no model at"):
        package_folder(tmp_path / "nowhere.onnx")
    assert not list((tmp_path / "cache").glob("*")), "nothing half-done is kept"


def write_raster(path, values, gsd=0.5, **options):
    bands, height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=bands, height=height, width=width, dtype=values.dtype, crs="EPSG:32632",
        transform=rasterio.transform.from_origin(500_000, 5_300_000, gsd, gsd), **options,
    ) as raster:  # fmt: skip
        raster.write(values)
    return path


def test_a_regression_becomes_a_float_raster_without_seams(save, tmp_path):
    values = np.random.default_rng(2).integers(1, 255, (3, 150, 190), np.uint8)
    values[:, :40, :30] = 0
    raster = write_raster(tmp_path / "photo.tif", values, nodata=0)
    weights = np.array([[0.5, 0.2, 0], [-1, 0, 3]], np.float32)[:, :, None, None]
    metadata = {"model_type": "Regressor", "class_names": {"0": "height", "1": "slope"}, "resolution": 50}
    path = save(
        [helper.make_node("Conv", ["images", "weights"], ["out"])],
        {"out": ["batch", 2, TILE, TILE]},
        {"weights": weights},
        {**metadata, "reg_output_scaling": 100},
        batch="batch",
    )
    assert main(["predict", str(path), str(raster), "--output", str(tmp_path / "out"), "--tta", "flips"]) == 0
    assert [entry.name for entry in (tmp_path / "out").iterdir() if entry.suffix == ".tif"] == ["values.tif"]
    with rasterio.open(tmp_path / "out" / "values.tif") as written:
        found = written.read()
        assert written.dtypes == ("float32", "float32") and written.descriptions == ("height", "slope")
        assert written.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    missing = (values == 0).all(axis=0)
    assert missing.sum() == 1200 and (np.isnan(found) == missing).all()
    expected = 100 * np.einsum("kc,chw->khw", weights[:, :, 0, 0], values / 255)
    np.testing.assert_allclose(found[:, ~missing], expected[:, ~missing], atol=2e-2)


def test_predict_runs_them_like_any_model(save_segmentor, save_detector, tmp_path, capsys):
    values = np.random.default_rng(2).integers(0, 255, (3, 10, 12), np.uint8).repeat(16, 1).repeat(16, 2)
    raster = write_raster(tmp_path / "photo.tif", values)
    path, weights = save_segmentor()
    assert (
        main(["predict", str(path), str(raster), "--output", str(tmp_path / "areas"), "--backend", "onnxruntime"]) == 0
    )
    with rasterio.open(tmp_path / "areas" / "classes.tif") as written:
        expected = np.einsum("kc,chw->khw", weights, (values / 255 - 0.4) / 0.2).argmax(0)
        assert (written.read(1) == expected).mean() > 0.999
    path = save_detector(layout("YOLO_v6"), {key: value for key, value in DETECTOR.items() if key != "resolution"})
    sidecar = tmp_path / "said.json"
    sidecar.write_text(json.dumps({"resolution": 50, "det_type": "YOLO_v6"}))
    command = ["predict", str(path), str(raster), "--output", str(tmp_path / "cars"), "--describe", str(sidecar)]
    assert main(command) == 0
    found = pyogrio.raw.read(tmp_path / "cars" / "detections.gpkg", columns=["class"])[3][0]
    assert set(found) == {"car", "bus"}
    capsys.readouterr()
    assert main(["inspect", str(path), "--json"]) == 0
    assert [one["key"] for one in json.loads(capsys.readouterr().out)["missing"]] == ["resolution", "det_type"]
    assert main(["inspect", str(path), "--describe", str(sidecar), "--adopt", "--json"]) == 0
    assert load_card(json.loads(capsys.readouterr().out)["package"]).gsd == 0.5


FORMATS = {
    "uint16, one band": ("sample_geotiff.tif", 1, "uint16"),
    "alpha as data": ("RGB-PanSharpen_AOI_2_Vegas_img0.tif", 4, "uint8"),
    "alpha as mask": ("RGB-PanSharpen_AOI_2_Vegas_img0.tif", 3, "uint8"),
    "four bands": ("m_4709963_se_14_1_20140720.tif", 4, "uint8"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_real_files_of_every_format_go_through_with_a_model_made_for_them(save, tmp_path, imagery, name):
    file, bands, dtype = FORMATS[name]
    raster = imagery / "formats" / file
    with rasterio.open(raster) as dataset:
        size, values = dataset.shape, dataset.read(list(range(1, bands + 1)))
    metadata = {
        "model_type": "Segmentor",
        "resolution": 100 * RasterReader(raster).native_gsd,
        "class_names": {"0": "low", "1": "high"},
    }
    scale = 255 if dtype == "uint8" else 65535
    weights = np.stack([np.zeros(bands), np.eye(bands)[-1]]).astype(np.float32)[:, :, None, None]
    path = save(
        [helper.make_node("Conv", ["images", "weights", "bias"], ["out"])],
        {"out": ["batch", 2, 256, 256]},
        {"weights": weights, "bias": np.array([0.25, 0], np.float32)},
        {**metadata, "standardization_std": [scale / 255] * bands},
        size=256,
        bands=bands,
        batch="batch",
    )
    (tmp_path / "model.json").write_text(json.dumps({"dtype": dtype}))
    assert main(["predict", str(path), str(raster), "--output", str(tmp_path / "out"), "--backend", "onnxruntime"]) == 0
    with rasterio.open(tmp_path / "out" / "classes.tif") as written:
        classes = written.read(1)
    if classes.shape == size and name != "alpha as mask":
        seen = classes != 255
        assert seen.mean() > 0.3
        assert ((classes == 2) == (values[-1] / scale > 0.25))[seen].mean() > 0.999


@pytest.mark.parametrize(
    "file, bands, dtype, sentence",
    [
        ("sample_geotiff.tif", 3, "uint16", r"sample_geotiff\.tif has 1 band; the model 'model' reads 1, 2, 3"),
        (
            "sample_geotiff.tif",
            1,
            "uint8",
            r"sample_geotiff\.tif holds uint16 values and the model 'model' was made for uint8",
        ),
        (
            "RGB-PanSharpen_AOI_2_Vegas_img0.tif",
            1,
            "uint16",
            r"holds uint8 values and the model 'model' was made for uint16",
        ),
        ("RGB-PanSharpen_img1447.tif", 4, "uint8", r"has 3 bands; the model 'model' reads 1, 2, 3, 4"),
    ],
)
def test_real_files_are_refused_by_models_made_for_others(
    save, tmp_path, imagery, capsys, file, bands, dtype, sentence
):
    metadata = {"model_type": "Segmentor", "resolution": 50}
    path = save(
        [helper.make_node("Identity", ["images"], ["out"])], {"out": [1, bands, 64, 64]}, metadata=metadata, bands=bands
    )
    (tmp_path / "model.json").write_text(json.dumps({"dtype": dtype}))
    assert main(["predict", str(path), str(imagery / "formats" / file), "--output", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert re.search(sentence, error) and not (tmp_path / "out" / "classes.tif").exists()


def test_a_damaged_block_is_no_data_on_the_map_and_named_in_one_warning(save_segmentor, tmp_path):
    values = np.random.default_rng(2).integers(1, 255, (3, 256, 256), np.uint8)
    raster = write_raster(tmp_path / "photo.tif", values, compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    path, weights = save_segmentor()
    content = raster.read_bytes()
    raster.write_bytes(content[: len(content) * 3 // 4])
    assert main(["predict", str(path), str(raster), "--output", str(tmp_path / "out"), "--backend", "onnxruntime"]) == 0
    with rasterio.open(tmp_path / "out" / "classes.tif") as written:
        classes = written.read(1)
    assert (classes[-32:] == 255).all() and (classes[:100] != 255).all()
    expected = np.einsum("kc,chw->khw", weights, (values / 255 - 0.4) / 0.2).argmax(0)
    assert (classes == expected)[:100].mean() > 0.999
    events = [json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    told = [event["message"] for event in events if event["kind"] == "warning"]
    assert len([message for message in told if "photo.tif is damaged: " in message]) == 1
