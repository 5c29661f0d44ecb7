"""A stranger's package is looked over once, where it comes in: card, weights, graphs and archive against each other."""

import json
import math
import shutil
import zipfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file, save_file

from engine.errors import OutputError, PackageError
from engine.inference import OnnxBackend
from engine.packages import load_card, load_package, package_folder
from engine.packages.foreign import inspect_onnx
from engine.recipes.build import load_package_teacher

PACKAGE = Path(__file__).parent / "design_1"
CAR = {"name": "car", "color": "#ff0000"}


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(PACKAGE, tmp_path / "model")


def change_card(model, **changes):
    item = json.loads((model / "item.json").read_text())
    item["properties"]["geodistil:card"] |= changes
    (model / "item.json").write_text(json.dumps(item))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"segmentation_classes": [CAR] * 5}, "by the card\'s segmentation_classes it would be"),
        ({"detection_classes": [CAR] * 7}, "by the card\'s detection_classes it would be"),
        ({"bands": [1, 2], "mean": [1, 2], "std": [1, 2]}, "by the card\'s bands it would be"),
        ({"mean": [90, 100, 300]}, r"mean is \[90\.0, 100\.0, 110\.0\] there, and \[.*, 300\.0\] in the card"),
        ({"std": [40, 45, 51]}, "std is"),
        ({"background": False}, "by the card\'s segmentation_classes it would be"),
        ({"tasks": ["segmentation"]}, "its network has no tensor detection_head"),
    ],
)  # fmt: skip
def test_weights_that_are_not_the_card_s_are_refused_by_field(model, changes, words):
    change_card(model, **changes)
    for load in (load_package, load_package_teacher):
        with pytest.raises(Exception, match=words) as error:
            load(model)
        assert error.value.code in ("package", "config") and str(model) in str(error.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"std": [0, 1, 1]}, r"std\.0: it must be at least"),
        ({"std": [1, 1, -1]}, r"std\.2"),
        ({"bands": [1, 2, 200_000]}, r"bands\.2: it must be at most 65535"),
        ({"bands": []}, "bands: it must have at least 1 entries"),
        ({"dtype": "cfloat"}, "dtype: it must be 'uint8', 'int8'"),
        ({"tile_size": 32_000_000}, "tile_size: it must be at most 8192"),
        ({"gsd": math.inf}, "gsd: it must be a finite number"),
        ({"segmentation_classes": [{"name": "x", "color": "red;}"}]}, r"color: it must look like #rrggbb"),
        ({"segmentation_classes": [{"name": "\x01", "color": "#ff0000"}]}, "name: it has the control character"),
        ({"geometry": {"type": "Polygon", "coordinates": [[[1e300, 0], [0, 1], [1, 1], [1e300, 0]]]}}, "geometry"),
        ({"geometry": {"type": "Polygon", "coordinates": "everywhere"}}, "geometry"),
        ({"geometry": {}}, "geometry"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_is_refused_by_field(model, changes, words):
    change_card(model, **changes)
    with pytest.raises(PackageError, match=f"The card of .*model is damaged: .*{words}"):
        load_card(model)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused_in_either_form(model, value):
    state = load_file(model / "model.safetensors")
    state["segmentation_head.classify.weight"].view(-1)[3] = value
    save_file(state, model / "model.safetensors")
    with pytest.raises(PackageError, match=r"segmentation_head\.classify\.weight has values that are not numbers"):
        load_package(model)
    graph = onnx.load(str(model / "segmentation.onnx"))
    tensor = max(graph.graph.initializer, key=lambda each: np.prod(each.dims))
    values = numpy_helper.to_array(tensor).copy()
    values.flat[0] = value
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(graph, str(model / "segmentation.onnx"))
    with pytest.raises(PackageError, match=r"segmentation\.onnx does not fit .* has values that are not numbers"):
        OnnxBackend(model, load_card(model), "cpu")


def test_graphs_that_are_not_the_card_s_are_refused_by_field(model):
    change_card(model, segmentation_classes=[CAR] * 5)
    with pytest.raises(PackageError, match=r"segmentation\.onnx .* the card's segmentation_classes ask for 6 channels"):
        OnnxBackend(model, load_card(model), "cpu")
    change_card(model, bands=[1], mean=[1], std=[1])
    with pytest.raises(PackageError, match=r"takes images of the shape .*, and the card's bands are 1"):
        OnnxBackend(model, load_card(model), "cpu")


@pytest.mark.parametrize("std", [[0.2, 0, 0.2], [0.2], ["a", 1, 1], None, "x" * 100_000])
def test_a_graph_s_own_standardisation_is_looked_at(model, std):
    graph = onnx.load(str(model / "segmentation.onnx"))
    for each in graph.metadata_props:
        each.value = json.dumps(std) if each.key == "standardization_std" else each.value
    onnx.save(graph, str(model / "segmentation.onnx"))
    with pytest.raises(PackageError, match=r"segmentation\.onnx") as error:
        OnnxBackend(model, load_card(model), "cpu")
    assert len(str(error.value)) < 1500


def packed(model, *more, method=zipfile.ZIP_STORED):
    file = model.parent / "model.zip"
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in ("item.json", "model.safetensors"):
            archive.write(model / name, name)
        for name, content in more:
            archive.writestr(name, content)
    return file


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([("item.json", b"{}")], r"holds 'item\.json' twice"),
        ([("report.html", bytes(2**22))], r"'report\.html' would be over 200 times as large"),
        ([(f"{number}.txt", b"") for number in range(1001)], "holds 1003 files"),
        ([("a/item.json", b"{}")], r"it has 2 files item\.json"),
    ],
)
def test_an_archive_that_is_a_trap_is_refused_before_anything_is_unpacked(model, tmp_path, more, words):
    file = packed(model, *more, method=zipfile.ZIP_DEFLATED)
    with pytest.raises(PackageError, match=words):
        package_folder(file)
    assert not (tmp_path / "cache").exists()


def test_the_card_is_read_before_anything_is_unpacked(model, tmp_path):
    change_card(model, gsd=-1)
    with pytest.raises(PackageError, match=r"card of .*model\.zip is damaged: gsd"):
        package_folder(packed(model))
    (model / "item.json").write_bytes(b"[" * 100_000)
    with pytest.raises(PackageError, match=r"item\.json of .*model\.zip is unreadable: its brackets"):
        package_folder(packed(model))
    assert not (tmp_path / "cache").exists()


def test_a_disk_without_room_is_asked_first(model, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(2**30, 2**30, 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    with pytest.raises(OutputError, match=r"model\.zip needs 0\.1 GB, and .*cache has 0\.0 GB left"):
        package_folder(packed(model))
    assert not list((tmp_path / "cache").iterdir())


def test_weights_of_another_folder_are_not_read(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(3 * 4))
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [1, 3, 1, 1], bytes(12), raw=True)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", "../secret.bin"
    graph = helper.make_graph(
        [helper.make_node("Conv", ["images", "weights"], ["out"])],
        "model",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 1, 64, 64])],
        [weights],
    )
    path = tmp_path / "models" / "model.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]).SerializeToString())
    with pytest.raises(PackageError, match=r"keeps its weights in \.\./secret\.bin, which does not lie beside it"):
        inspect_onnx(path)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"standardization_mean": [0.1, 0.2]}, "standardization_mean has 2 entries, and it takes 3 bands"),
        ({"standardization_std": [0.1, 0, 0.1]}, "wrong 'standardization_std'"),
        ({"bands": [1]}, "bands has 1 entries"),
        ({"bands": [1, 2, -3]}, "wrong 'bands'"),
        ({"dtype": "complex64"}, "wrong 'dtype': it is no type of numbers"),
        ({"class_names": ["a\x01", "b", "c"]}, r"wrong 'class_names': it has the control character U\+0001"),
        ({"class_names": {"(": "a"}}, "wrong 'class_names'"),
        ({"class_colors": ["red;}"]}, "wrong 'class_colors': it must look like #rrggbb"),
        ({"resolution": math.inf}, "does not say its resolution"),
        ({"resolution": 1e30}, "wrong 'resolution': it must be at most"),
        ({"task": ["detect"], "stride": 32, "resolution": -1}, "wrong 'resolution'"),
    ],
)
def test_metadata_that_cannot_be_are_refused_by_key(save_segmentor, said, words):
    metadata = {"model_type": "Segmentor", "resolution": 50, **said}
    path, _ = save_segmentor(metadata=metadata)
    with pytest.raises(PackageError, match=words):
        package_folder(path)


def test_a_model_that_answers_with_no_numbers_is_refused(save, tmp_path):
    weights = np.full((2, 3, 1, 1), np.nan, np.float32)
    path = save(
        [helper.make_node("Conv", ["images", "weights"], ["out"])],
        {"out": [1, 2, 64, 64]},
        {"weights": weights},
        {"model_type": "Segmentor", "resolution": 50},
    )
    with pytest.raises(PackageError, match="answers with values that are not numbers"):
        package_folder(path)


def test_a_graph_without_end_is_refused(save):
    path = save([helper.make_node("Identity", ["images"], ["out"])], {"out": [1, 3, 9000, 9000]}, size=9000)
    with pytest.raises(PackageError, match="at most are 1024 and 8192"):
        inspect_onnx(path)


def test_what_an_onnx_library_says_in_lines_is_one_line():
    assert str(PackageError("a\nb\n  c.", "d")) == "a b   c. d"
