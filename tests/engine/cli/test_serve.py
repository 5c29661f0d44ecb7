"""`serve`: a real process, asked over its standard input."""

import contextlib
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import psutil
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from engine.cli.backends import choose_backend
from engine.cli.main import main
from engine.cli.predicting import Kept
from engine.packages import load_card
from tests import forks

sys.path.insert(0, str(Path(__file__).parents[2]))
from click_models import save_decoder, save_encoder

ROOT = Path(__file__).parents[3]
MODEL = ROOT / "tests" / "engine" / "packages" / "design_1"
EXTENT = ("--extent", "500010", "5299980", "500026", "5299996")
ENDS = ("finished", "failed", "stopped")


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    """64 m of noise at the model's pixel size."""
    path = tmp_path_factory.mktemp("ground") / "ground.tif"
    image = np.random.default_rng(0).integers(0, 255, (3, 256, 256)).astype("uint8")
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "width": 256, "height": 256, "crs": "EPSG:32632"}
    with rasterio.open(path, "w", **profile, transform=from_origin(500_000, 5_300_000, 0.25, 0.25)) as file:
        file.write(image)
    return path


class Server:
    """The process, and what it says."""

    def __init__(self, folder, *options):
        self.folder, self.count = folder, 0
        self.log = (folder / "log.txt").open("w+")
        command = [sys.executable, "-m", "engine", "serve", *options]
        self.process = forks.start(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=self.log, text=True)

    def write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, *arguments):
        """Send a request; returns its folder."""
        self.count += 1
        output = self.folder / str(self.count)
        self.write(json.dumps({"output": str(output), "arguments": [*map(str, arguments)]}))
        return output

    def events(self, output):
        with contextlib.suppress(FileNotFoundError):
            return [json.loads(line) for line in (output / "events.jsonl").read_text().splitlines()]
        return []

    def ending(self, output, seconds=180):
        """The event that ends a job."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            last = self.events(output)[-1:]
            if last and last[0]["kind"] in ENDS:
                return last[0]
            time.sleep(0.01)
        self.log.seek(0)
        raise AssertionError(f"no answer; exit code {self.process.poll()}\n{self.log.read()}")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for all tests, each of which leaves it ready for the next."""
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.process.stdin.close()
    assert made.process.wait(60) == 0  # it ends with its input


def read(path):
    with rasterio.open(path) as file:
        return file.read(1), file.transform


def test_what_it_answers_is_what_predict_says_and_each_time_the_same(server, raster, tmp_path, capsys):
    asked = MODEL, raster, *EXTENT, "--backend", "torch", "--device", "cpu"
    endings = [server.ending(server.ask(*asked)) for _ in range(2)]
    assert main(["predict", *map(str, asked), "--output", str(tmp_path / "plain")]) == 0
    expected = read(tmp_path / "plain" / "classes.tif")
    assert expected[0].shape == (64, 64)
    for ending in endings:
        values, transform = read(ending["outputs"][0]["classes"])
        assert np.array_equal(values, expected[0]) and transform == expected[1]
    assert Path(endings[0]["outputs"][0]["detections"]).is_file()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (["missing.tif"], "missing.tif"),
        (["RASTER", "--overlap", "much"], "--overlap"),
        (["RASTER", "--extent", "0", "0", "1", "1"], "does not touch"),
    ],
)
def test_a_bad_request_is_answered_by_a_sentence_and_the_next_one_is_carried_out(server, raster, bad, said):
    refused = server.ending(server.ask(MODEL, *[str(raster) if each == "RASTER" else each for each in bad]))
    assert refused["kind"] == "failed" and said in refused["message"] and "Traceback" not in refused["message"]
    assert server.ending(server.ask(MODEL, raster, *EXTENT, "--backend", "torch"))["kind"] == "finished"


def test_what_is_no_request_is_passed_over(server, raster):
    for line in ("", "no JSON", "[]", '{"output": 3, "arguments": []}', '{"arguments": []}', "[" * 100_000):
        server.write(line)
    assert server.ending(server.ask(MODEL, raster, *EXTENT, "--backend", "torch"))["kind"] == "finished"
    server.log.seek(0)
    assert server.log.read().count("is no request") == 5


def test_a_stop_ends_what_runs_and_nothing_else(server, raster):
    first = server.ending(server.ask(MODEL, raster, *EXTENT, "--backend", "torch"))
    assert first["kind"] == "finished"
    long = server.ask(MODEL, raster, "--backend", "torch", "--tta", "all", "--overlap", "0.5")
    while not any(event["kind"] == "progress" for event in server.events(long)):
        time.sleep(0.005)
    (long / "stop").touch()
    assert server.ending(long)["kind"] == "stopped"
    assert not (long / "classes.tif").exists()
    assert server.ending(server.ask(MODEL, raster, *EXTENT, "--backend", "torch"))["kind"] == "finished"


@pytest.mark.skipif(os.name == "nt", reason="POSIX's processes")
def test_it_ends_with_its_parent_though_its_input_stays_open(tmp_path):
    reading, writing = os.pipe()
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'engine', 'serve', '--parent', str(os.getpid())], stdin=0)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", code]
    parent = subprocess.Popen(command, cwd=ROOT, stdin=reading, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    os.close(reading)
    while child.num_threads() < 2:  # until it watches
        time.sleep(0.02)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    child.wait(30)
    os.close(writing)


def test_one_model_is_in_memory_and_another_one_takes_its_place(tmp_path):
    shutil.copytree(MODEL, tmp_path / "other")
    card = load_card(MODEL)
    candidate = choose_backend(MODEL, card, "torch", "cpu", 1)
    kept = Kept()
    first = kept(MODEL, card, candidate)
    assert kept(tmp_path / "other", card, candidate) is first  # the same weights under the same card
    held = weakref.ref(first)
    del first
    second = kept(MODEL, card.with_threshold(0.9), candidate)
    gc.collect()
    assert held() is None and second.card.score_threshold == 0.9


def test_clicks_are_answered_and_of_the_same_view_at_once(raster, tmp_path):
    encoder, decoder = save_encoder(tmp_path / "encoder.onnx", 256), save_decoder(tmp_path / "decoder.onnx", 256)
    server = Server(tmp_path, "--requests", "click")
    asked = encoder, decoder, raster, "--extent", "500000", "5299936", "500064", "5300000", "--device", "cpu"
    for row, column in ((20, 30), (200, 100)):
        place = str(500_000 + (column + 0.5) / 4), str(5_300_000 - (row + 0.5) / 4)
        ended = server.ending(server.ask(*asked, "--point", *place))
        assert ended["kind"] == "finished"
        (answer,) = ended["outputs"]
        frame = json.loads(Path(answer["area"]).read_text())
        assert frame["crs"]["properties"]["name"].endswith("EPSG::32632")
        shape = shapely.geometry.shape(frame["features"][0]["geometry"])
        assert shapely.intersects_xy(shape, *map(float, place)) and 0 < answer["score"] <= 1
    nothing = server.ending(server.ask(*asked, "--point", *place, "--not-point", *place))
    assert nothing["kind"] == "finished" and nothing["outputs"][0]["area"] is None
    bad = server.ending(server.ask(encoder, encoder, *asked[2:], "--point", *place))
    assert bad["kind"] == "failed" and "no prompt decoder" in bad["message"]
    wrong = server.ending(server.ask(*asked, "--point", *place, "--bands", "1", "2"))
    assert wrong["kind"] == "failed" and "one or three" in wrong["message"]
    assert server.ending(server.ask(*asked, "--point", *place))["kind"] == "finished"
    server.process.stdin.close()
    assert server.process.wait(60) == 0


def test_a_click_on_a_command_line_shows_how_it_goes_and_gives_the_area(raster, tmp_path, capsys):
    graphs = save_encoder(tmp_path / "encoder.onnx", 256), save_decoder(tmp_path / "decoder.onnx", 256)
    asked = "--extent", "500000", "5299936", "500064", "5300000", "--point", "500008", "5299990", "--device", "cpu"
    assert main([*map(str, ("click", *graphs, raster, *asked, "--output", tmp_path / "out"))]) == 0
    assert "stage: click" in capsys.readouterr().err.splitlines()
    assert (tmp_path / "out" / "area.geojson").exists()


def test_a_look_that_is_stopped_leaves_the_process_and_its_model(raster, tmp_path):
    encoder = save_encoder(tmp_path / "slow.onnx", 512, slow=400)
    decoder = save_decoder(tmp_path / "decoder.onnx", 512)
    server = Server(tmp_path, "--requests", "click")
    asked = encoder, decoder, raster, "--extent", "500000", "5299936", "500064", "5300000", "--device", "cpu"
    click = "--point", "500010", "5299990"
    fast = save_encoder(tmp_path / "fast.onnx", 512)
    assert server.ending(server.ask(fast, *asked[1:], *click))["kind"] == "finished"  # it is warm
    begun = server.ask(*asked, *click)
    while not any(event["kind"] == "stage" for event in server.events(begun)):
        time.sleep(0.01)
    (begun / "stop").touch()
    asked_at = time.monotonic()
    assert server.ending(begun)["kind"] == "stopped" and time.monotonic() - asked_at < 5
    assert server.ending(server.ask(fast, *asked[1:], *click))["kind"] == "finished"
    server.process.stdin.close()
    assert server.process.wait(60) == 0


LOADED = """
import json, sys
from engine.cli import main, serve

main.parser()
answering = serve.ANSWERING["predict"]()
serve._load(answering)
before = set(sys.modules)
serve.answer(json.dumps({"output": sys.argv[1], "arguments": sys.argv[2:]}), answering, "predict")
print(json.dumps(sorted(name for name in set(sys.modules) - before if name.startswith("engine."))))
"""


def test_no_module_is_left_to_be_loaded_while_a_stop_may_come(tmp_path, raster):
    command = [sys.executable, "-c", LOADED, tmp_path / "out", MODEL, raster, *EXTENT, "--backend", "onnxruntime"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "finished" in (tmp_path / "out" / "events.jsonl").read_text(), done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["engine.inference.backends.onnx"]  # which only a request names
