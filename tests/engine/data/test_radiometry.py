"""Rasters of several sensors or dates in one run, each standardised by its own statistics."""

import json
import shutil

import numpy as np
import pytest
import rasterio

from engine.cli.main import main
from engine.cli.train import train_run
from engine.config import Source, load_run, save_run
from engine.data import Draw, prepare, training_loader, validation_batches
from engine.data.radiometry import SIDE, Radiometry, measured
from engine.data.raster import RasterReader
from engine.errors import ConfigError
from engine.inference import OnnxBackend
from engine.inference.opened import by_own_statistics
from engine.inference.reading import RasterMosaic
from engine.packages import load_card
from engine.recipes import build_plan
from engine.training.checkpoints import fingerprint
from tests.engine.training.fingerprints import as_first
from tests.networks import NARROW

SUPERVISED = {"kind": "supervised", "network": NARROW}
GAIN, OFFSET = np.array([0.35, 0.3, 0.4])[:, None, None], np.array([150, 140, 145])[:, None, None]


def other_date(path, target, dtype="uint8", gain=GAIN, offset=OFFSET):
    """The same ground under another light, or of another sensor."""
    with rasterio.open(path) as raster:
        image, profile = raster.read(), raster.profile
    with rasterio.open(target, "w", **{**profile, "dtype": dtype}) as raster:
        raster.write((image * gain + offset).round().astype(dtype))
    return target


@pytest.fixture
def two_dates(make_run, worlds, tmp_path):
    """A run folder with areas labelled on two dates of the same ground, each raster standardised by its own."""

    def make(on=True, name="run", **training):
        folder = make_run(SUPERVISED, name, ("segmentation",), source_statistics=on, **training)
        run = load_run(folder)
        second = other_date(worlds[1]["raster"], tmp_path / "second.tif")
        source = run.sources[0].model_dump() | {"raster": str(second), "name": "second"}
        save_run(run.model_copy(update={"sources": [run.sources[0], Source.model_validate(source)]}), folder)
        return folder

    return make


def test_the_moments_of_a_raster_are_those_of_its_windows(worlds):
    reader = RasterReader(worlds[0]["raster"])
    windows = [
        reader.read(column, row, SIDE, SIDE)[0].reshape(3, -1)
        for row in (0, 64, 128, 192)
        for column in (0, 64, 128, 192)
    ]
    pixels = np.concatenate(windows, axis=1)
    moments = measured(reader)
    assert moments.count == pixels.shape[1] == 256**2
    assert moments.mean() == pytest.approx(pixels.mean(axis=1)) and moments.std() == pytest.approx(pixels.std(axis=1))


def test_little_data_in_a_large_raster_is_found_and_none_is_said(tmp_path):
    image = np.zeros((1, 2000, 2000), np.uint8)
    for name, value in (("corner", 9), ("nothing", 0)):
        image[:, :20, :40] = value
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", driver="GTiff", width=2000, height=2000, count=1, dtype="uint8", nodata=0,
            crs="EPSG:32632", transform=rasterio.transform.from_origin(500_000, 5_300_000, 1, 1),
        ) as raster:  # fmt: skip
            raster.write(image)
    assert measured(RasterReader(tmp_path / "corner.tif")).mean().tolist() == [9]
    assert measured(RasterReader(tmp_path / "nothing.tif")) is None


def test_what_the_network_sees_is_standardised_by_the_raster_s_own_numbers(two_dates):
    run = load_run(two_dates())
    prepared = prepare(run)
    assert [each.name for each in prepared.source_statistics] == ["image", "second"]
    network = build_plan(run, prepared).networks["student"]
    for source, own in zip(prepared.sources, prepared.source_statistics, strict=True):
        raw, _ = RasterReader(source.reader.path).read(10, 20, 50, 40)
        seen, _ = source.reader.read(10, 20, 50, 40)
        expected = (raw - np.array(own.mean)[:, None, None]) / np.array(own.std)[:, None, None]
        mean, std = (np.array(each)[:, None, None] for each in (network.mean.tolist(), network.std.tolist()))
        assert (seen - mean) / std == pytest.approx(expected, abs=1e-4)
    first, second = (source.reader.read(0, 0, 256, 256)[0] for source in prepared.sources)
    assert abs(first - second).mean() < 2, "what is left is the rounding of the second date"
    first, second = (
        source.reader.read(0, 0, 256, 256)[0] for source in prepare(load_run(two_dates(False, "off"))).sources
    )
    assert abs(first.astype(float) - second).mean() > 20


def test_chips_of_both_dates_are_alike_and_whole(two_dates):
    run = load_run(two_dates())
    prepared = prepare(run)
    batch = next(training_loader(prepared, run, "segmentation", Draw(views=True)))
    for image in (batch.image, batch.strong, next(iter(validation_batches(prepared, run, "segmentation"))).image):
        standardised = (image - np.array(prepared.mean)[:, None, None]) / np.array(prepared.std)[:, None, None]
        assert image.dtype.is_floating_point and abs(standardised.mean()) < 0.6 and 0.5 < standardised.std() < 1.6


@pytest.fixture(scope="module")
def learned(tmp_path_factory, worlds):
    """A model of one date, with the option and without it."""
    folder, models = tmp_path_factory.mktemp("learned"), {}
    for on in (True, False):
        source = {"raster": str(worlds[1]["raster"]), "role": "segmentation", "name": "first"}
        run = {
            "name": "roofs",
            "sources": [source | {"labels": {"path": str(worlds[1]["roofs"]), "field": "kind"}}],
            "segmentation_classes": [{"name": "roof"}],
            "recipe": SUPERVISED,
            "training": {
                "budget": {"steps": 80}, "batch_size": 4, "chip_size": 64, "learning_rate": 3e-3, "ema_decay": 0.9,
                "workers": 0, "validations": 1, "source_statistics": on, "augmentation": {"color": 0.0},
            },
        }  # fmt: skip
        (folder / str(on)).mkdir()
        (folder / str(on) / "run.json").write_text(json.dumps(run))
        models[on] = train_run(folder / str(on))["model"]
    return models


def predicted(model, output, *rasters, mosaic=False):
    code = main(["predict", str(model), *map(str, rasters), "--output", str(output), *(["--mosaic"] if mosaic else [])])
    assert code == 0
    events = [json.loads(line) for line in (output / "events.jsonl").read_text().splitlines()]
    with rasterio.open(output / "classes.tif") as classes:
        return classes.read(1), [each["message"] for each in events if each["kind"] == "warning"]


def test_imagery_of_a_third_date_is_seen_as_the_training_imagery_is(learned, worlds, tmp_path):
    """Of another sensor too, whose values have another range."""
    first = worlds[1]["raster"]
    third = other_date(first, tmp_path / "third.tif")
    sensor = other_date(first, tmp_path / "sensor.tif", "uint16", 8 * GAIN, 100 + OFFSET)
    known, warnings = predicted(learned[True], tmp_path / "known", first)
    assert warnings == [] and 0.05 < (known == 1).mean() < 0.5
    for raster in (third, sensor):
        found, warnings = predicted(learned[True], tmp_path / raster.stem, raster)
        assert (found == known).mean() > 0.98
        assert len(warnings) == 1 and "is none of the model's sources (first), so it is standardised" in warnings[0]
    known, _ = predicted(learned[False], tmp_path / "known_off", first)
    found, _ = predicted(learned[False], tmp_path / "third_off", third)
    assert (found == known).mean() < 0.95, "one mean and deviation for all does not fit it"


def test_a_source_is_known_by_its_statistics_wherever_it_lies(learned, worlds, tmp_path):
    card = load_card(learned[True])
    copied = shutil.copy(worlds[1]["raster"], tmp_path / "renamed.tif")
    reader = RasterReader(copied, card.bands, card.gsd)
    assert by_own_statistics(reader, card) == []
    (own,) = card.source_statistics
    expected = Radiometry.between((own.mean, own.std), (card.mean, card.std))
    assert np.array_equal(reader.radiometry.gain, expected.gain)
    plain = RasterReader(copied, card.bands, card.gsd)
    assert by_own_statistics(plain, load_card(learned[False])) == [] and plain.radiometry is None


def test_rasters_put_together_are_standardised_as_one(learned, worlds, tmp_path):
    halves = []
    with rasterio.open(other_date(worlds[1]["raster"], tmp_path / "third.tif")) as whole:
        for column in (0, 128):
            window = rasterio.windows.Window(column, 0, 128, 256)
            profile = whole.profile | {"width": 128, "transform": whole.window_transform(window)}
            with rasterio.open(tmp_path / f"{column}.tif", "w", **profile) as half:
                half.write(whole.read(window=window))
            halves.append(str(tmp_path / f"{column}.tif"))
    card = load_card(learned[True])
    together, alone = RasterMosaic(halves, card), RasterReader(tmp_path / "third.tif", card.bands, card.gsd)
    (sentence,) = by_own_statistics(together, card)
    assert "standardised by its own" in sentence
    by_own_statistics(alone, card)
    assert together.read(0, 0, 256, 256)[0] == pytest.approx(alone.read(0, 0, 256, 256)[0], abs=1e-3)
    found, warnings = predicted(learned[True], tmp_path / "mosaic", *halves, mosaic=True)
    expected, _ = predicted(learned[True], tmp_path / "whole", tmp_path / "third.tif")
    assert (found == expected).all() and len(warnings) == 1


def test_a_graph_sees_what_the_network_sees(learned, worlds, tmp_path):
    third = other_date(worlds[1]["raster"], tmp_path / "third.tif")
    maps = []
    for backend in ("torch", "onnxruntime"):
        output = tmp_path / backend
        command = ["predict", str(learned[True]), str(third), "--output", str(output), "--backend", backend]
        assert main(command) == 0
        with rasterio.open(output / "classes.tif") as classes:
            maps.append(classes.read(1))
    assert (maps[0] == maps[1]).mean() > 0.99
    assert OnnxBackend(learned[True], load_card(learned[True]), "cpu").card.source_statistics


def test_an_export_says_what_other_programs_cannot_do(learned, tmp_path, capsys):
    for on, said in ((True, True), (False, False)):
        assert main(["export", str(learned[on]), "--output", str(tmp_path / f"{on}.zip")]) == 0
        assert ("ONNX files for other programs have room for one" in capsys.readouterr().err) == said


def test_networks_that_see_other_values_do_not_teach(make_run, learned, two_dates):
    recipe = {"kind": "baseline", "method": "plain", "student": NARROW, "teacher": NARROW}
    sources = {"roles": ("segmentation",), "source_statistics": True}
    run = load_run(make_run(recipe | {"teachers_from": str(two_dates(False, "other"))}, "student", **sources))
    run.segmentation_classes = load_run(two_dates(False, "again")).segmentation_classes
    with pytest.raises(ConfigError, match=r"source_statistics of .* is False, and this run's True"):
        build_plan(run, prepare(run))
    recipe = {"kind": "distil", "package": str(learned[True]), "student": NARROW}
    run = load_run(make_run(recipe, "distil", ("segmentation",)))
    with pytest.raises(ConfigError, match="must see the same values"):
        build_plan(run, prepare(run))


def test_a_checkpoint_of_before_the_option_goes_on(make_run):
    off, on = (
        load_run(make_run(SUPERVISED, str(on), source_statistics=on, statistics_noise=0)) for on in (False, True)
    )
    assert fingerprint(off) == as_first(off) != fingerprint(on)
