import json
import shutil

import numpy as np
import pyogrio
import pytest
import rasterio
import torch
from rasterio.transform import Affine, from_origin

from engine.data.raster import RasterReader
from engine.errors import OutputError, RasterError, Stopped
from engine.events import EventLog
from engine.inference.context import depth, enough_overlap, measured_context
from engine.inference.predict import Options, predict


@pytest.fixture
def image():
    """(3, 150, 210) smooth noise, so that classes come in patches."""
    coarse = np.random.default_rng(3).uniform(0, 255, (3, 16, 22)).astype(np.float32)
    fine = torch.nn.functional.interpolate(torch.from_numpy(coarse)[None], size=(150, 210), mode="bicubic")
    return fine[0].clamp(0, 255).numpy().astype(np.uint8)


def with_blobs(boxes, shape=(3, 150, 210)):
    image = np.full(shape, 50, np.uint8)
    for left, top, right, bottom in boxes:
        image[:, top:bottom, left:right] = 255
    return image


def whole(backend, values):
    """The class of every pixel by one forward pass over the whole raster, in float32 (channel 0 is background)."""
    with torch.inference_mode():
        return backend.network(torch.from_numpy(values[None].astype(np.float32))).segmentation[0].numpy()


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def bounds(path):
    """(n, 4) minx, miny, maxx, maxy, sorted."""
    values = pyogrio.read_bounds(path, layer="detections")[1].T
    return values[np.lexsort(values.T)]


def test_windows_leave_no_seams(convolution, write_raster, image, tmp_path):
    raster = write_raster(image)
    results = predict(convolution, raster, tmp_path / "out", Options(overlap=0.25, confidence=True))
    logits = whole(convolution, image)
    best = np.sort(logits, axis=0)
    clear = best[-1] - best[-2] > 0.2  # bfloat16 may decide near-ties otherwise
    assert clear.mean() > 0.8
    assert (read(results.classes) == logits.argmax(axis=0))[clear].all()
    share = torch.from_numpy(logits).softmax(dim=0).amax(dim=0).numpy()
    assert np.abs(read(results.confidence) - 100 * share).max() < 3
    with rasterio.open(raster) as given, rasterio.open(results.classes) as written:
        assert (given.crs, given.transform, given.shape) == (written.crs, written.transform, written.shape)


def test_pixels_without_data_come_out_as_nodata(convolution, write_raster, image, tmp_path):
    image[:, 20:130, 30:190] = 7
    results = predict(convolution, write_raster(image, nodata=7), tmp_path, Options(confidence=True))
    empty = (image == 7).all(axis=0)
    for path in (results.classes, results.confidence):
        assert ((read(path) == 255) == empty).all()


def test_windows_without_any_data_are_not_run(blobs, write_raster, tmp_path):
    image = with_blobs([(10, 10, 20, 20)])
    image[:, :, 56:] = 7
    predict(blobs, write_raster(image, nodata=7), tmp_path / "out")
    assert sum(blobs.sizes) == 3  # one column of windows of three


def test_without_a_background_the_first_class_is_one(make_card, convolution, write_raster, image, tmp_path):
    with_background = read(predict(convolution, write_raster(image), tmp_path / "a").classes)
    classes = [*convolution.card.segmentation_classes, convolution.card.detection_classes[0]]
    convolution.card = make_card(background=False, segmentation_classes=classes)
    without = read(predict(convolution, write_raster(image), tmp_path / "b").classes)
    assert (without == with_background + 1).all()


def test_a_raster_of_another_type_is_read_as_such_and_doubted(convolution, write_raster, image, tmp_path):
    events = []
    log = EventLog(None, events.append)
    results = predict(convolution, write_raster(image.astype(np.float32)), tmp_path / "a", events=log)
    assert (read(results.classes) == read(predict(convolution, write_raster(image), tmp_path / "b").classes)).all()
    assert next(e.message for e in events if e.kind == "warning").endswith("was trained on uint8.")


def test_a_south_up_raster_is_predicted_where_it_lies(blobs, write_raster, tmp_path):
    image = with_blobs([(100, 20, 110, 30)])
    south_up = Affine(0.1, 0, 691000, 0, 0.1, 5335000)
    results = predict(blobs, write_raster(image, transform=south_up), tmp_path / "out")
    assert bounds(results.detections)[0] == pytest.approx([691010, 5335002, 691011, 5335003], abs=0.02)


def test_a_raster_in_degrees_is_predicted_where_it_lies(blobs, write_raster, tmp_path):
    image = with_blobs([(60, 40, 90, 70)])
    degrees = from_origin(85.5, 27.6, 1.0e-6, 0.9e-6)
    results = predict(blobs, write_raster(image, crs="EPSG:4326", transform=degrees), tmp_path / "out")
    found = bounds(results.detections)
    expected = [85.5 + 60e-6, 27.6 - 70 * 0.9e-6, 85.5 + 90e-6, 27.6 - 40 * 0.9e-6]
    assert len(found) == 1
    assert found[0] == pytest.approx(expected, abs=1.5e-6)


def test_detections_across_windows_come_out_once_and_whole(blobs, write_raster, tmp_path):
    boxes = [(5, 5, 15, 15), (50, 10, 62, 22), (54, 40, 70, 56), (20, 80, 190, 110), (100, 10, 120, 70)]
    results = predict(blobs, write_raster(with_blobs(boxes)), tmp_path / "out", Options(overlap=0.25, batch_size=3))
    left, top, right, bottom = np.array(boxes).T / 10
    ground = np.stack([691000 + left, 5335000 - bottom, 691000 + right, 5335000 - top], axis=1)
    assert bounds(results.detections) == pytest.approx(ground[np.lexsort(ground.T)])
    assert results.classes is None


def test_progress_spans_the_part_of_the_job_that_it_is_given(blobs, write_raster, tmp_path):
    events = EventLog(tmp_path / "out")
    raster = write_raster(with_blobs([]))
    predict(blobs, raster, tmp_path / "out", Options(fraction=(0.5, 0.75), batch_size=1), events)
    lines = [json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    progress = [line for line in lines if line["kind"] == "progress"]
    assert progress[-1]["fraction"] == 0.75 and 0.5 < progress[0]["fraction"] <= 0.75
    assert progress[-1]["step"] == progress[-1]["of"] == 12
    assert progress[-1]["eta_seconds"] == 0 and progress[-1]["megapixels_per_second"] > 0


def test_the_stop_file_ends_it_and_it_goes_on_from_there(blobs, write_raster, tmp_path):
    output = tmp_path / "out"
    events = EventLog(output)
    raster = write_raster(with_blobs([(20, 80, 190, 110)]))

    class StopsAfterTwo(type(blobs)):
        def run(self, images):
            if len(self.sizes) == 2:
                (output / "stop").touch()
            return super().run(images)

    with pytest.raises(Stopped, match=r"was stopped at .*Start it again"):
        predict(StopsAfterTwo(blobs.card), raster, output, Options(batch_size=4), events)
    assert sorted(path.name for path in output.iterdir()) == ["events.jsonl", "prediction.partial", "stop"]
    (output / "stop").unlink()
    results = predict(blobs, raster, output, Options(batch_size=4), events)
    assert 0 < len(blobs.sizes) < 3, "of the three rows of windows, the finished ones are not run again"
    assert bounds(results.detections) == pytest.approx(np.array([[691002, 5334989, 691019, 5334992]]))
    assert not (output / "prediction.partial").exists()


def test_another_model_does_not_go_on_where_one_stopped(blobs, write_raster, tmp_path):
    raster, events = write_raster(with_blobs([])), EventLog(tmp_path)
    (tmp_path / "stop").touch()
    with pytest.raises(Stopped):
        predict(blobs, raster, tmp_path, Options(model="one", batch_size=1), events)
    (tmp_path / "stop").unlink()
    blobs.sizes.clear()
    predict(blobs, raster, tmp_path, Options(model="another", batch_size=1), events)
    assert len(blobs.sizes) == 12


def test_too_little_space_names_both_numbers_before_any_work(blobs, write_raster, tmp_path):
    with pytest.raises(
        OutputError,
        match=r"of \S+raster\.tif, \d+ x \d+ pixels of 0\.1 m, needs about 1 MB in .*out, and 0",
    ):
        predict(blobs, write_raster(with_blobs([])), tmp_path / "out", Options(free_bytes=lambda folder: 1000))
    assert not blobs.sizes


def test_maps_of_values_need_space_for_their_floats(values_backend, write_raster, tmp_path):
    raster = write_raster(np.zeros((3, 700, 1000), np.uint8))
    with pytest.raises(OutputError, match=r"needs about 10 MB in .*, and 9 MB are free"):
        predict(values_backend(), raster, tmp_path / "out", Options(free_bytes=lambda folder: 9 * 2**20))


def test_a_folder_that_cannot_be_made_is_named(blobs, write_raster, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file.out cannot be written"):
        predict(blobs, write_raster(with_blobs([])), tmp_path / "file" / "out")


def test_a_folder_that_vanishes_half_way_is_named_and_the_next_start_predicts_all(blobs, write_raster, tmp_path):
    raster, output = write_raster(with_blobs([(20, 80, 190, 110)])), tmp_path / "out"

    class LosesItsFolder(type(blobs)):
        def run(self, images):
            if len(self.sizes) == 2:
                shutil.rmtree(output)
            return super().run(images)

    with pytest.raises(OutputError, match=r"out.* cannot be written: [^\n]+\. See that the folder is there"):
        predict(LosesItsFolder(blobs.card), raster, output, Options(batch_size=1))
    results = predict(blobs, raster, output, Options(batch_size=1))
    assert bounds(results.detections) == pytest.approx(np.array([[691002, 5334989, 691019, 5334992]]))
    assert sorted(path.name for path in output.iterdir()) == ["detections.gpkg"]


def test_a_disk_that_fills_up_is_named_and_nothing_done_is_lost(convolution, write_raster, small_disk, tmp_path):
    disk, grow = small_disk
    raster = write_raster(np.random.default_rng(0).integers(0, 255, (3, 1500, 600), dtype=np.uint8))
    options = Options(overlap=0.25, confidence=True, free_bytes=lambda folder: 2**40)
    with pytest.raises(OutputError, match=r"cannot be written: the disk of .*/disk\S* is full"):
        predict(convolution, raster, disk / "out", options)
    done = len([path for path in (disk / "out" / "prediction.partial").iterdir() if path.name.isdecimal()])
    assert done > 0
    grow()
    found = predict(convolution, raster, disk / "out", options)
    expected = predict(convolution, raster, tmp_path / "whole", options)
    assert found.classes.read_bytes() == expected.classes.read_bytes()
    assert found.confidence.read_bytes() == expected.confidence.read_bytes()


def test_too_few_bands_name_the_raster_and_the_model(blobs, write_raster, tmp_path):
    with pytest.raises(RasterError, match=r"raster\.tif has 1 band; the model 'tiny' reads 1, 2, 3"):
        predict(blobs, write_raster(with_blobs([], (1, 50, 50))), tmp_path / "out")


def test_a_damaged_part_of_a_raster_is_no_data_and_a_warning_tells_of_it(convolution, write_raster, image, tmp_path):
    raster, events = write_raster(image, compress="deflate"), []
    with open(raster, "r+b") as file:
        file.seek(2000)
        file.write(b"\0" * 20000)
    results = predict(convolution, raster, tmp_path / "out", events=EventLog(None, events.append))
    assert (read(results.classes) == 255).any()
    assert any("is damaged" in event.message for event in events if event.kind == "warning")


def test_the_overlap_that_a_network_needs_is_the_cards_or_measured(convolution, write_raster, image, make_card):
    reader = RasterReader(write_raster(image.repeat(2, axis=1).repeat(2, axis=2)))
    assert enough_overlap(convolution, reader, 128) == 0.125, "two pixels each way are less than the least"
    assert 1 <= measured_context(convolution, [reader], 128) <= 2
    assert measured_context(convolution, [reader], 512) is None, "too small to tell"
    convolution.card = make_card(context=40)
    assert enough_overlap(convolution, reader, 128) == 0.5 and enough_overlap(convolution, reader, 256) == 80 / 256
    convolution.card = make_card(tasks=["detection", "segmentation"], context=10, object_size=48.0)
    assert enough_overlap(convolution, reader, 128) == 48 / 128, "objects lie whole in some window"
    assert enough_overlap(convolution, reader, 64) == 0.5 and enough_overlap(convolution, reader, 512) == 0.125
    convolution.card = make_card(tasks=["detection"], context=None, object_size=48.0)
    assert enough_overlap(convolution, reader, 128) == 48 / 128
    changed = np.array([0.5, 0.2, 0.1, 0.01, 0.001, 0.0])
    assert depth(changed, 64) == 4, "beyond 3 it is 4 x 0.011 of the 58 pixels between the cuts, more than 0.05 %"
    assert depth(changed, 128) == 3, "and less than that of 122"
    assert depth(changed + 0.05, 128) == 3, "what is the same everywhere is rounding"
