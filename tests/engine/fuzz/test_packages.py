"""Packages and ONNX files of strangers: each case loads or is one sentence.

The long form: GEODISTIL_FUZZ=400 python -m pytest tests/engine/fuzz
"""

import json
import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file, save_file

from engine.config import Card
from engine.inference import OnnxBackend
from engine.packages import load_card, load_package, package_folder
from engine.packages.foreign import adopt, inspect_onnx
from tests.engine.fuzz.mutating import ODD, cases, damaged, mutated, said, seeded

PACKAGE = Path(__file__).parent.parent / "packages" / "design_1"
ITEM = json.loads((PACKAGE / "item.json").read_text())
CARD_KEY = "geodistil:card"
TILE = 64
SMALL = 100_000


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
    warnings.simplefilter("ignore")


@pytest.fixture
def package(tmp_path):
    """A package of our own; what is not changed is only linked."""
    folder = tmp_path / "model"
    folder.mkdir()
    for path in PACKAGE.iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def write(folder, name, content):
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def use(folder):
    """Everything that a prediction does with a package, in both ways."""
    load_card(folder)
    network, card = load_package(folder)
    image = np.zeros((1, len(card.bands), TILE, TILE), np.uint8)
    with torch.inference_mode():
        network(torch.from_numpy(image))
    graph(folder, load_card(folder))


def graph(folder, card):
    image = np.zeros((1, len(card.bands), card.tile_size, card.tile_size), np.uint8)
    if image.size <= 3 * 512 * 512:
        OnnxBackend(folder, card, "cpu").run(image)


def test_the_package_itself_is_sound(package):
    assert said(lambda: use(package)) == "ok"


@pytest.mark.parametrize("seed", cases(25))
def test_cards(package, seed):
    rng = seeded("card", seed)
    item = json.loads(json.dumps(ITEM))
    item["properties"][CARD_KEY] = mutated(item["properties"][CARD_KEY], rng)
    write(package, "item.json", item)
    said(lambda: use(package))


@pytest.mark.parametrize("seed", cases(6))
def test_items_as_bytes(package, seed):
    write(package, "item.json", damaged((PACKAGE / "item.json").read_bytes(), seeded("item", seed)))
    said(lambda: use(package))


@pytest.mark.parametrize("seed", cases(10))
def test_tensors(package, seed):
    rng = seeded("tensors", seed)
    state = load_file(PACKAGE / "model.safetensors")
    key = rng.choice(sorted(state))
    value = state[key]
    kind = rng.randrange(7)
    if kind == 0:
        del state[key]
    elif kind == 1:
        state["more"] = value.clone()
    elif kind == 2:
        state[key] = value[:1].clone() if value.dim() else value.reshape(1)
    elif kind == 3 and value.is_floating_point():
        value.view(-1)[rng.randrange(value.numel())] = rng.choice([float("nan"), float("inf"), -float("inf")])
    elif kind == 4:
        state[key] = value.to(rng.choice([torch.int64, torch.float64, torch.float16, torch.bool]))
    elif kind == 5:
        state[key] = value.T.contiguous() if value.dim() == 2 else value.flatten()
    else:
        state = {f"module.{name}": tensor for name, tensor in state.items()}
    (package / "model.safetensors").unlink()
    save_file(state, package / "model.safetensors")
    outcome = said(lambda: load_package(package))
    assert outcome == "PackageError" or kind in (4, 5, 3, 2)


@pytest.mark.parametrize("seed", cases(6))
def test_weights_as_bytes(package, seed):
    write(package, "model.safetensors", damaged((PACKAGE / "model.safetensors").read_bytes(), seeded("weights", seed)))
    said(lambda: load_package(package))


def packed(folder, rng):
    """A zip of the card and some small file; weights would take their time to pack."""
    file = folder.parent / "model.zip"
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with zipfile.ZipFile(file, "w", method) as archive:
        for path in sorted(folder.iterdir()):
            if path.name == "item.json" or path.stat().st_size < SMALL:
                archive.write(path, rng.choice(["", "model/"]) + path.name if rng.random() < 0.1 else path.name)
        for _ in range(rng.randint(0, 2)):
            name = rng.choice(
                [
                    "item.json",
                    "a/item.json",
                    "model.onnx",
                    "../x",
                    "/x",
                    "C:x",
                    "x/" * 200 + "x",
                    "\x01",
                    "x\ny",
                    "report.html",
                ]
            )
            archive.writestr(name, rng.choice([b"", b"{}", bytes(5_000_000), b"x" * 1000]))
    return file


@pytest.mark.parametrize("seed", cases(8))
def test_archives(package, seed):
    rng = seeded("archive", seed)
    file = packed(package, rng)
    if rng.random() < 0.7:
        file.write_bytes(damaged(file.read_bytes(), rng))
    said(lambda: load_card(package_folder(file)))
    assert {path.name for path in file.parent.iterdir()} <= {"model", "model.zip", "cache"}, "written elsewhere"


@pytest.mark.parametrize("seed", cases(8))
def test_directories_of_archives_that_lie(package, seed):
    """Bytes of the directory at a zip's end: sizes, names, flags, offsets."""
    rng = seeded("directory", seed)
    file = packed(package, rng)
    content = bytearray(file.read_bytes())
    start = content.rfind(b"PK\x01\x02", 0, content.rfind(b"PK\x01\x02"))
    for _ in range(rng.randint(1, 6)):
        content[rng.randrange(max(start, 0), len(content))] = rng.choice([0, 1, 0x7F, 0xFF])
    file.write_bytes(bytes(content))
    said(lambda: load_card(package_folder(file)))


SAID = {
    "model_type": "Segmentor",
    "class_names": {"0": "_background", "1": "field", "2": "forest"},
    "class_colors": ["#000000", "#ff0000", "#00ff00"],
    "resolution": 50,
    "tile_size": TILE,
    "standardization_mean": [0.4, 0.4, 0.4],
    "standardization_std": [0.2, 0.2, 0.2],
    "seg_thresh": 0.2,
    "bands": [1, 2, 3],
    "dtype": "uint8",
    "tiles_overlap": 10,
}
DETECTOR = {
    "model_type": "Detector",
    "det_type": "YOLO_Ultralytics",
    "det_conf": 0.3,
    "det_iou_thresh": 0.5,
    "resolution": 10,
    "class_names": {"0": "car", "1": "bus"},
}
ULTRALYTICS = {
    "task": "detect",
    "stride": 32,
    "names": "{0: 'car', 1: 'bus'}",
    "imgsz": "[64, 64]",
    "args": "{'nms': False}",
    "resolution": 10,
}


def foreign(folder, metadata, weights=None, sides=(1, 3, TILE, TILE), channels=3, detector=False):
    """A small graph of another program, with metadata as text."""
    if detector:
        answer = np.random.default_rng(0).random((1, 4 + channels, 50)).astype(np.float32)
        nodes = [
            helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
            helper.make_node("Add", ["answer", "nothing"], ["out"]),
        ]
        constants, shape = {"answer": answer, "zero": np.zeros((), np.float32)}, list(answer.shape)
    else:
        weights = np.ones((channels, 3, 1, 1), np.float32) if weights is None else weights
        nodes = [helper.make_node("Conv", ["images", "weights"], ["out"])]
        constants, shape = {"weights": weights}, [sides[0], channels, *sides[2:]]
    made = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, list(sides))],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, value in metadata.items():
        text = value if isinstance(value, str) else json.dumps(value)
        entry = model.metadata_props.add()
        entry.key, entry.value = (part.encode("utf-8", "replace").decode() for part in (str(key), text))
    path = folder / "foreign.onnx"
    onnx.save(model, str(path))
    return path


def try_out(path, cache):
    inspect_onnx(path)
    folder = adopt(path, None, cache)
    graph(folder, load_card(folder))


@pytest.mark.parametrize(("metadata", "detector"), [(SAID, False), (DETECTOR, True), (ULTRALYTICS, True)])
def test_the_files_of_other_programs_are_sound(tmp_path, metadata, detector):
    path = foreign(tmp_path, metadata, channels=2 if detector else 3, detector=detector)
    assert said(lambda: try_out(path, tmp_path / "cache")) == "ok"


@pytest.mark.parametrize("seed", cases(30))
def test_metadata(tmp_path, seed):
    rng = seeded("metadata", seed)
    metadata, detector = rng.choice([(SAID, False), (DETECTOR, True), (ULTRALYTICS, True)])
    path = foreign(tmp_path, mutated(metadata, rng), channels=2 if detector else 3, detector=detector)
    said(lambda: try_out(path, tmp_path / "cache"))


@pytest.mark.parametrize("seed", cases(8))
def test_descriptions(tmp_path, seed):
    rng = seeded("description", seed)
    path = foreign(tmp_path, {})
    text = json.dumps(mutated(SAID, rng)).encode()
    path.with_suffix(".json").write_bytes(damaged(text, rng) if rng.random() < 0.3 else text)
    said(lambda: try_out(path, tmp_path / "cache"))


@pytest.mark.parametrize("seed", cases(10))
def test_graphs(tmp_path, seed):
    rng = seeded("graph", seed)
    channels = rng.choice([1, 2, 3, 4, 255])
    weights = np.ones((channels, 3, 1, 1), np.float32)
    if rng.random() < 0.5:
        weights[0] = rng.choice([float("nan"), float("inf"), 1e38, -1e38, 0])
    sides = (
        rng.choice([1, 2, "batch"]),
        rng.choice([3, 3, 3, 4, "bands"]),
        *rng.choice([(64, 64), (64, 32), ("h", "w"), (16, 16)]),
    )
    metadata = {**SAID, "class_names": rng.choice([SAID["class_names"], ["a"] * channels])}
    path = foreign(tmp_path, metadata, weights, sides, channels)
    said(lambda: try_out(path, tmp_path / "cache"))


@pytest.mark.parametrize("seed", cases(6))
def test_our_graphs_with_other_weights(package, seed):
    rng = seeded("our graph", seed)
    name = rng.choice(["segmentation.onnx", "detection.onnx"])
    model = onnx.load(str(PACKAGE / name))
    if rng.random() < 0.5:
        tensor = rng.choice([each for each in model.graph.initializer if each.data_type == TensorProto.FLOAT])
        values = numpy_helper.to_array(tensor).copy()
        values.reshape(-1)[0] = rng.choice([float("nan"), float("inf"), 1e38])
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    else:
        for each in model.metadata_props:
            if rng.random() < 0.5:
                each.value = json.dumps(rng.choice([one for one in ODD if one != "\ud800"]))
    (package / name).unlink()
    onnx.save(model, str(package / name))
    said(lambda: graph(package, load_card(package)))


def test_a_card_as_it_is_written_is_read_again():
    card = Card.model_validate(ITEM["properties"][CARD_KEY] | {"network": None})
    assert Card.model_validate(json.loads(json.dumps(card.model_dump(mode="json")))) == card


def test_packages_are_left_as_they_are(package):
    before = {path.name: path.stat().st_mtime_ns for path in PACKAGE.iterdir()}
    shutil.rmtree(package)
    assert {path.name: path.stat().st_mtime_ns for path in PACKAGE.iterdir()} == before
