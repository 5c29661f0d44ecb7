import gc
import itertools
import pickle
from multiprocessing import forkserver

import numpy as np
import pytest
import shapely
import torch

from engine.config import Labels, PartialMultitask
from engine.data import Draw, chips_per_epoch, prepare, training_loader, validation_batches
from engine.data.loading import TrainingChips, _workers
from engine.data.sampling import GroundSampler, tiling
from engine.errors import ConfigError, LabelError, RasterError, TrainingError


@pytest.fixture
def uneven(raster, layer, tools):
    """Boxes in one raster, areas in another, a third without labels."""
    labels = layer("a.gpkg", tools.scattered(160))
    run = tools.run(
        tools.source(raster("boxes.tif", (3, 160, 160)), "detection", labels),
        tools.source(raster("areas.tif", (3, 160, 160), seed=1), "segmentation", labels),
        tools.source(raster("more.tif", (3, 160, 160), seed=2), "unlabelled"),
        recipe=PartialMultitask(unlabelled=True),
    )
    return prepare(run), run


def same(one, other):
    assert one.chips == other.chips
    for name in ("image", "valid", "mask", "strong"):
        first, second = getattr(one, name), getattr(other, name)
        assert (first is None) == (second is None)
        assert first is None or torch.equal(first, second)
    for first, second in zip(one.boxes or [], other.boxes or [], strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("role", ["detection", "segmentation", "unlabelled"])
def test_a_batch_has_what_its_role_has(uneven, role):
    batch = next(training_loader(*uneven, role, Draw(views=role == "unlabelled")))
    assert batch.role == role and batch.image.shape == (4, 3, 64, 64) and batch.image.dtype == torch.uint8
    assert batch.valid.shape == (4, 64, 64) and batch.valid.dtype == torch.bool and batch.valid.any()
    assert (batch.mask is not None) == (role == "segmentation")
    assert (batch.boxes is not None) == (batch.labels is not None) == (role == "detection")
    assert (batch.strong is not None) == (role == "unlabelled")
    if role == "segmentation":
        assert batch.mask.dtype == torch.uint8 and set(batch.mask.unique().tolist()) <= {0, 1, 255}
        assert torch.equal(batch.mask != 255, batch.valid)
    if role == "detection":
        assert [len(boxes) for boxes in batch.boxes] == [len(labels) for labels in batch.labels]
        assert all(boxes.dtype == torch.float32 and boxes.shape[1] == 4 for boxes in batch.boxes)
        everything = torch.cat(batch.boxes)
        assert len(everything) > 4 and everything.min() >= 0 and everything.max() <= 64
    assert batch.to("cpu").image.dtype == torch.float32


def test_a_loader_goes_on_where_it_stopped(uneven):
    whole = list(itertools.islice(training_loader(*uneven, "detection"), 5))
    again = list(itertools.islice(training_loader(*uneven, "detection", Draw(start=3 * 4)), 2))
    for one, other in zip(whole[3:], again, strict=True):
        same(one, other)
    assert whole[0].chips != whole[1].chips


def test_chips_depend_on_seed_and_role(uneven, tools):
    prepared, run = uneven
    other = run.model_copy(deep=True)
    other.training.seed = 1
    first = next(training_loader(prepared, run, "detection"))
    assert next(training_loader(prepared, other, "detection")).chips != first.chips
    origins = [chip[1:] for chip in first.chips]
    assert [chip[1:] for chip in next(training_loader(prepared, run, "segmentation")).chips] != origins


def test_reading_processes_give_the_same_chips_in_the_same_order(uneven):
    prepared, run = uneven
    parallel = run.model_copy(deep=True)
    parallel.training.workers = 2
    stream = training_loader(prepared, parallel, "detection", Draw(start=8, views=True))
    for one, other in zip(
        itertools.islice(stream, 4),
        training_loader(prepared, run, "detection", Draw(start=8, views=True)),
        strict=False,
    ):
        same(one, other)
    stream.close()


@pytest.mark.parametrize("role", ["detection", "segmentation"])
def test_batches_that_are_kept_stay_as_they_were_while_more_are_read(uneven, role):
    prepared, run = uneven
    parallel = run.model_copy(deep=True)
    parallel.training.workers = 2
    stream = training_loader(prepared, parallel, role)
    kept = list(itertools.islice(stream, 24))  # several times what is read ahead
    stream.close()
    for one, other in zip(kept, training_loader(prepared, run, role), strict=False):
        same(one, other)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_server_of_readers_that_dies_is_a_sentence(uneven, monkeypatch):
    prepared, run = uneven
    run.training.workers = 2
    started = []

    def start(*arguments, connect=forkserver._forkserver.connect_to_new_process):
        started.append(connect(*arguments))
        if len(started) == 2:
            raise EOFError("unexpected EOF")
        return started[0]

    monkeypatch.setattr(forkserver._forkserver, "connect_to_new_process", start)
    monkeypatch.setattr(forkserver, "connect_to_new_process", start)
    with pytest.raises(TrainingError, match="A process that reads chips ended"):
        next(training_loader(prepared, run, "detection"))
    gc.collect()
    assert len(started) == 2


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_while_reading_surfaces_as_itself(uneven, workers, tmp_path):
    prepared, run = uneven
    run.training.workers = workers
    prepared = pickle.loads(pickle.dumps(prepared))
    (tmp_path / "boxes.tif").unlink()
    with pytest.raises(RasterError) as caught:
        next(training_loader(prepared, run, "detection"))
    assert caught.value.message.endswith("boxes.tif does not exist.") and "path" in caught.value.hint


@pytest.mark.parametrize("workers", [0, 1])
def test_chips_are_not_cut_from_damaged_blocks_and_one_warning_says_so(raster, layer, tools, tmp_path, workers):
    path = raster("a.tif", (3, 512, 512), compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    run = tools.run(tools.source(path, labels=layer("a.gpkg", tools.scattered(512))), workers=workers)
    prepared, file, warnings = prepare(run), tmp_path / "a.tif", []
    whole = file.read_bytes()
    half = len(whole) // 2
    file.write_bytes(whole[:half])
    prepared = pickle.loads(pickle.dumps(prepared))  # without the blocks that GDAL keeps
    drawn = torch.get_rng_state()
    batches = list(itertools.islice(training_loader(prepared, run, "segmentation", warn=warnings.append), 4))
    assert torch.equal(torch.get_rng_state(), drawn), "readers draw nothing that a checkpoint would have to know"
    assert all(batch.valid.float().mean(dim=(1, 2)).min() >= 0.1 for batch in batches)
    assert len(warnings) == 1 and "a.tif is damaged: " in warnings[0]
    assert any("a.tif is damaged: " in sentence for sentence in prepare(run).warnings)


def test_an_error_keeps_its_sentence_on_its_way_between_processes():
    error = pickle.loads(pickle.dumps(LabelError("The layer is empty.", "Fill it.")))
    assert (error.message, error.hint) == ("The layer is empty.", "Fill it.")


def test_validation_is_the_same_every_time(uneven):
    batches = validation_batches(*uneven, "segmentation")
    first, second = list(batches), list(batches)
    assert len(first) == len(batches) > 0
    for one, other in zip(first, second, strict=True):
        same(one, other)


def test_validation_has_no_more_chips_than_allowed(uneven):
    prepared, run = uneven
    every = sum(len(batch.image) for batch in validation_batches(prepared, run, "detection"))
    run.training.validation_chips = every - 1
    assert sum(len(batch.image) for batch in validation_batches(prepared, run, "detection")) == every - 1


def test_an_epoch_covers_the_training_ground_once(uneven):
    prepared, run = uneven
    assert chips_per_epoch(prepared, run, "detection") == round(prepared.sources[0].training.area / 64**2)


def test_a_role_without_sources_is_named(raster, layer, tools):
    run = tools.run(tools.source(raster("a.tif"), labels=layer("a.gpkg", tools.scattered(64))))
    with pytest.raises(ConfigError, match=r"The run has no detection source"):
        training_loader(prepare(run), run, "detection")


def test_rare_classes_are_drawn_more_often_than_they_occur(raster, layer, tools):
    shapes = tools.scattered(320)
    kinds = ["bus" if index % 40 == 7 else "car" for index in range(len(shapes))]
    path = layer("a.gpkg", shapes, kind=kinds)
    image = raster("a.tif", (3, 320, 320))

    def share(rare_class_share):
        run = tools.run(
            tools.source(image, "detection", Labels(path=path, field="kind")),
            names=("car", "bus"),
            rare_class_share=rare_class_share,
            augmentation={"scale": 0},
        )
        chips = TrainingChips(prepare(run), run, "detection")
        labels = torch.cat([chips.chip(index).labels for index in range(60)])
        return labels.float().mean().item()

    assert share(1.0) > 1.3 * share(0.0)


def test_places_are_uniform_on_scattered_ground():
    ground = shapely.MultiPolygon(
        [shapely.box(0, 0, 10, 10), shapely.Point(500, 400).buffer(20), shapely.box(90, 0, 91, 300)]
    )
    sampler, rng = GroundSampler(ground), np.random.default_rng(0)
    places = np.array([sampler.draw(rng) for _ in range(3000)])
    assert shapely.intersects_xy(shapely.buffer(ground, 1e-9), *places.T).all()
    for part in ground.geoms:
        expected = part.area / ground.area
        found = shapely.contains_xy(part, *places.T).mean()
        assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / 3000))


def test_chips_without_data_are_drawn_again(raster, layer, tools):
    values = np.random.default_rng(0).integers(1, 200, (3, 200, 200), np.uint8)
    values[:, 100:] = 0
    run = tools.run(
        tools.source(raster("a.tif", values, nodata=0), "unlabelled"),
        tools.source(raster("b.tif", (3, 128, 128)), labels=layer("a.gpkg", tools.scattered(128))),
        recipe=PartialMultitask(unlabelled=True),
    )
    chips = TrainingChips(prepare(run), run, "unlabelled")
    assert all(chips.chip(index).valid.float().mean() >= 0.1 for index in range(30))


def test_a_tiling_meets_its_ground_with_few_windows():
    ground = shapely.box(30, 40, 30 + 128, 40 + 64)
    windows = tiling(ground, 64)
    assert len(windows) <= 6
    union = shapely.union_all([window.box() for window in windows])
    assert union.contains(ground) and union.area == len(windows) * 64**2


def test_workers_follow_the_machine(uneven, monkeypatch):
    _, run = uneven
    run.training.workers = None
    for processors, expected in ((1, 0), (2, 1), (4, 2), (64, 4)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, n=processors: set(range(n)), raising=False)
        assert _workers(run) == expected
