"""ONNX files as people have them: of bytes, with suppression inside, too new, in parts, or no ONNX at all."""

import json

import numpy as np
import onnx
import pytest
import rasterio
from onnx import TensorProto, helper, numpy_helper

from engine.cli.main import main
from engine.errors import PackageError
from engine.inference import OnnxBackend, OpenVinoBackend
from engine.packages import load_card, package_folder
from engine.packages.foreign import inspect_onnx

TILE = 64
SAID = {"model_type": "Segmentor", "class_names": {"0": "dark", "1": "bright"}, "resolution": 50}
DETECTOR = {"class_names": {"0": "car", "1": "bus"}, "resolution": 50, "det_conf": 0.4}
CORNERS = np.array([[12, 16, 28, 24], [39, 34, 49, 46]], np.float32)
"""x1, y1, x2, y2 of a bus and a car."""
IMAGES = np.random.default_rng(1).integers(0, 256, (2, 3, TILE, TILE), np.uint8)


def thresholds_bytes(save, **metadata):
    """A model of bytes: class 1 where the first band is above 127."""
    nodes = [
        helper.make_node("Cast", ["images"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["numbers", "weights", "bias"], ["out"]),
    ]
    weights = np.zeros((2, 3, 1, 1), np.float32)
    weights[1, 0] = 1
    constants = {"weights": weights, "bias": np.array([0, -127.5], np.float32)}
    return save(nodes, {"out": [1, 2, TILE, TILE]}, constants, {**SAID, **metadata}, kind=TensorProto.UINT8)


@pytest.mark.parametrize("backend", [OnnxBackend, OpenVinoBackend])
@pytest.mark.parametrize(
    "said", [{}, {"standardization_mean": [0, 0, 0], "standardization_std": [1, 1, 1]}, {"dtype": "uint16"}]
)
def test_models_of_bytes_get_the_rasters_own_values(save, said, backend):
    path = thresholds_bytes(save, **said)
    card = load_card(path)
    found = backend(package_folder(path), card).run(IMAGES).segmentation.argmax(1)
    np.testing.assert_array_equal(found, IMAGES[:, 0] > 127)
    assert card.dtype == "uint8" and inspect_onnx(path)["ready"]


def test_models_of_bytes_predict_rasters(save, tmp_path):
    path = thresholds_bytes(save)
    values = np.zeros((3, 100, 300), np.uint8)
    values[:, :, 100:] = 200
    raster = tmp_path / "raster.tif"
    with rasterio.open(
        raster, "w", driver="GTiff", count=3, height=100, width=300, dtype="uint8", crs="EPSG:32632",
        transform=rasterio.transform.from_origin(500_000, 5_300_000, 0.5, 0.5),
    ) as written:  # fmt: skip
        written.write(values)
    assert main(["predict", str(path), str(raster), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 0
    with rasterio.open(next((tmp_path / "out").glob("*classes.tif"))) as written:
        found = written.read(1)
    card = load_card(path)
    np.testing.assert_array_equal(found - card.first_class_value(), (values[0] > 127).astype(np.uint8))


def test_values_beyond_bytes_are_limited_and_rounded(save):
    path = thresholds_bytes(save)
    values = np.float32([-400, -1, 127.4, 127.6, 256, 7000])
    images = np.broadcast_to(np.resize(values, TILE), (1, 3, TILE, TILE)).copy()
    found = OnnxBackend(package_folder(path), load_card(path)).run(images).segmentation.argmax(1)
    np.testing.assert_array_equal(found[0, 0, :6], [0, 0, 0, 1, 1, 1])


def decided(kind, candidates=300):
    """(1, N, A) with a score and a class for each box, as models with suppression inside answer."""
    boxes = CORNERS
    if kind == "obb":  # turned by a quarter, so width and height change places
        sizes = CORNERS[:, 2:] - CORNERS[:, :2]
        boxes = np.concatenate([(CORNERS[:, :2] + CORNERS[:, 2:]) / 2, sizes[:, ::-1]], axis=1)
    rows = np.concatenate([boxes, [[0.9, 1], [0.8, 0]]], axis=1)
    if kind == "obb":
        rows = np.concatenate([rows, np.full((2, 1), np.pi / 2)], axis=1)
    if kind == "segment":
        rows = np.concatenate([rows, np.ones((2, 32))], axis=1)
    return np.concatenate([rows, np.zeros((candidates - 2, rows.shape[1]))])[None].astype(np.float32)


@pytest.mark.parametrize("kind", ["detect", "segment", "obb"])
@pytest.mark.parametrize("said", [{"args": {"nms": True}}, {"end2end": True}, {}, "other plugin"])
def test_suppression_inside_a_yolo_model_is_seen(save_detector, kind, said):
    layouts = {"detect": "YOLO_Ultralytics", "segment": "YOLO_Ultralytics_segmentation", "obb": "YOLO_Ultralytics_obb"}
    ultralytics = {"task": kind, "stride": 32, "imgsz": [TILE, TILE]}
    told = {"model_type": "Detector", "det_type": layouts[kind]} if said == "other plugin" else {**ultralytics, **said}
    path = save_detector(decided(kind), {**DETECTOR, **told}, ["protos"] if kind == "segment" else [])
    (found,) = OnnxBackend(package_folder(path), load_card(path)).run(IMAGES[:1]).objects
    np.testing.assert_allclose(found.boxes, CORNERS, atol=1e-3)
    assert found.labels.tolist() == [1, 0]
    np.testing.assert_allclose(found.scores, [0.9, 0.8], atol=1e-5)


def test_suppression_is_believed_where_the_shape_is_free(save_detector):
    path = save_detector(decided("detect"), {**DETECTOR, "task": "detect", "stride": 32, "args": {"nms": True}})
    model = onnx.load(path)
    dims = model.graph.output[0].type.tensor_type.shape.dim
    dims[1].dim_param, dims[2].dim_param = "candidates", "values"
    onnx.save(model, path)
    assert inspect_onnx(path)["known"]["det_type"] == "YOLO_v10"
    assert len(OnnxBackend(package_folder(path), load_card(path)).run(IMAGES[:1]).objects[0].boxes) == 2


def test_a_wrong_layout_names_the_right_one(save_detector):
    path = save_detector(decided("detect"), {**DETECTOR, "model_type": "Detector", "det_type": "YOLO_v6"})
    with pytest.raises(PackageError, match=r"\[1, 300, 6\], which is not what YOLO_v6 .* that is YOLO_v10; correct"):
        package_folder(path)


def plain(**options):
    """A model that has weights, for files that are wrong as files."""
    weights = numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), "weights")
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, TILE, TILE]) for name in ("images", "out")]
    node = helper.make_node(options.get("node", "Conv"), ["images", "weights"], ["out"], domain=options.get("of", ""))
    graph = helper.make_graph([node], "model", shapes[:1], shapes[1:], [weights])
    opsets = [helper.make_opsetid("", options.get("opset", 13)), helper.make_opsetid("com.acme", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=options.get("version", 8))
    helper.set_model_props(
        model, {key: json.dumps(value) for key, value in {**SAID, "class_names": ["a", "b", "c"]}.items()}
    )
    return model


@pytest.mark.parametrize(
    "change, sentence",
    [
        (
            {"version": 99},
            r"is of ONNX's IR version 99, and this onnxruntime reads none above \d+\. Export it with",
        ),
        ({"opset": 99}, r"is of opset 99, and this onnxruntime reads none above (\d+)\. .* with opset \1 or a lower"),
        ({"node": "Strange"}, r"has the operator Strange, .* in opset 13\. Export it again, with standard operators"),
        ({"node": "Odd", "of": "com.acme"}, r"has the operator com\.acme:Odd, .* with standard operators"),
    ],
)
def test_a_refusal_says_its_reason_and_what_helps(tmp_path, change, sentence):
    onnx.save(plain(**change), tmp_path / "model.onnx")
    with pytest.raises(PackageError, match=rf"model\.onnx {sentence}"):
        package_folder(tmp_path / "model.onnx")


def test_weights_in_another_file_must_be_there_and_count(tmp_path):
    path, weights = tmp_path / "model.onnx", tmp_path / "model.data"
    onnx.save(plain(), path, save_as_external_data=True, location=weights.name, size_threshold=0)
    values = np.frombuffer(weights.read_bytes(), np.float32).copy()
    adopted = package_folder(path)
    weights.write_bytes((values * 2).tobytes())
    assert package_folder(path) != adopted, "other weights are another model"
    weights.write_bytes(b"12")
    with pytest.raises(PackageError, match=r"keeps its weights in another file, which is not complete\. Copy both"):
        package_folder(path)
    weights.unlink()
    with pytest.raises(PackageError, match=r"in another file, which is not there: .*model\.data\. Copy that file"):
        package_folder(path)


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"nothing", r"is no ONNX file, or not all of one\. Copy or export it again"),
        (b"", r"is no ONNX file, or not all of one"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
            r"is only Git LFS's pointer .* git lfs pull",
        ),
    ],
)
def test_what_is_no_onnx_file_is_called_so(tmp_path, content, sentence):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(PackageError, match=rf"model\.onnx {sentence}"):
        package_folder(path)


def test_a_type_that_is_none_is_a_sentence(save_segmentor):
    path, _ = save_segmentor(metadata={**SAID, "class_names": ["a", "b", "c"], "dtype": "bytes8"})
    with pytest.raises(PackageError, match=r"wrong 'dtype': it is no type of numbers"):
        package_folder(path)
