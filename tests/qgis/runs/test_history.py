"""Curves from events, whole or thinned, over interruptions."""

import itertools
import json
import math

import pytest
from geodistil.jobs.runs.history import MOST_POINTS, HistoryReader, loss_charts, score_charts


def fed(*events):
    reader = HistoryReader()
    reader.feed([json.dumps(each).encode() for each in events])
    return reader.history


def lines(charts, title):
    chart = next(chart for chart in charts if chart.title == title)
    return {series.name: series.pieces for series in chart.series}


def metrics(write, step, values, stage="training", network="student"):
    return write.event("metrics", stage=stage, network=network, step=step, values=values)


def test_few_events_are_all_kept(write):
    history = fed(*(write.progress(step) for step in range(1, 101)))
    assert [step for step, _ in history.stages[0].losses] == list(range(1, 101))


def test_many_events_keep_evenly_spread_points_and_the_newest_progress(write):
    count = 10 * MOST_POINTS + 3
    reader = HistoryReader()
    for first in range(0, count, 7):  # as they come in, a few at a time
        steps = range(first, min(first + 7, count))
        reader.feed([json.dumps(write.progress(step, of=count)).encode() for step in steps])
    stage = reader.history.stages[0]
    steps = [step for step, _ in stage.losses]
    assert MOST_POINTS / 2 <= len(steps) <= MOST_POINTS
    assert {later - earlier for earlier, later in itertools.pairwise(steps)} == {16}
    assert stage.step == reader.history.progress["step"] == count - 1
    assert all(values["detection/box"] == pytest.approx(1 / (step + 1)) for step, values in stage.losses)


def test_other_ways_of_writing_json_and_broken_lines_are_read_too(write):
    reader = HistoryReader()
    compact = json.dumps(write.progress(1), separators=(",", ":")).encode()
    reversed_keys = json.dumps(dict(reversed(write.progress(2).items()))).encode()
    reader.feed([compact, b'{"time": 3, "kind": "prog', reversed_keys, b"[]", json.dumps(write.progress(4)).encode()])
    assert [step for step, _ in reader.history.stages[0].losses] == [1, 2, 4]


def test_the_last_note_is_kept(write):
    notes = [write.event("note", message=text) for text in ("Steps take a second.", "They are used again.")]
    assert fed(write.started(1), *notes).note == "They are used again."


def test_what_is_trained_again_after_an_interruption_replaces_what_was_lost(write):
    history = fed(
        write.event("stage", name="training", index=0, of=1),
        *(write.progress(step) for step in (10, 20, 30, 40)),
        metrics(write, 20, {"detection/ap50": 0.2}),
        metrics(write, 40, {"detection/ap50": 0.4}),
        write.started(1),
        write.event("stage", name="training", index=0, of=1),
        *(write.progress(step) for step in (25, 35)),
    )
    assert [step for step, _ in history.stages[0].losses] == [10, 20, 25, 35]
    assert history.stages[0].metrics["student"] == [(20, {"detection/ap50": 0.2})]


def test_a_stage_that_begins_anew_undoes_those_after_it(write):
    stages = [write.event("stage", name=name, index=index, of=2) for index, name in enumerate(("teacher", "student"))]
    history = fed(stages[0], write.progress(5, stage="teacher"), stages[1], write.progress(5, stage="student"))
    assert [stage.name for stage in history.stages] == ["teacher", "student"]
    reader = HistoryReader()
    reader.feed([json.dumps(each).encode() for each in (*stages, stages[0])])
    assert [stage.name for stage in reader.history.stages] == ["teacher"]


def test_values_that_are_no_numbers_are_left_out(write):
    history = fed(write.event("progress", stage="a", step=1, of=2, losses={"x": None, "y": 1}))
    assert history.stages[0].losses == [(1, {"y": 1.0})]


def test_losses_are_drawn_summed_and_by_task_with_the_stages_one_after_the_other(write):
    stages = fed(
        write.event("stage", name="teacher", index=0, of=2),
        write.event("progress", stage="teacher", step=10, of=10, losses={"detection/box": 1.0}),
        write.event("stage", name="student", index=1, of=2),
        write.event("progress", stage="student", step=5, of=20, losses={"detection/box": 2.0, "detection/soft": 0.5}),
        write.event("progress", stage="student", step=6, of=20, losses={"segmentation/dice": 3.0}),
    ).stages
    charts = loss_charts(stages)
    assert [chart.title for chart in charts] == ["Sum of losses", "Detection losses", "Segmentation losses"]
    assert lines(charts, "Sum of losses") == {"sum": [[(10, 1.0)], [(15, 2.5), (16, 3.0)]]}
    assert lines(charts, "Detection losses") == {"box": [[(10, 1.0)], [(15, 2.0)]], "soft": [[(15, 0.5)]]}
    assert lines(charts, "Segmentation losses") == {"dice": [[(16, 3.0)]]}
    assert charts[0].stages == [(0, "teacher"), (10, "student")] and charts[0].end == 30


def test_scores_are_drawn_per_task_and_per_class(write):
    values = {
        "segmentation/mean_iou": 0.5,
        "segmentation/iou/roof": 0.6,
        "segmentation/iou/road": 0.4,
        "segmentation/f1/roof": 0.7,
        "detection/ap50": 0.3,
        "detection/ap50/car": 0.3,
        "detection/threshold": 0.9,
    }
    charts = score_charts(fed(write.progress(100), metrics(write, 50, values)).stages)
    assert lines(charts, "Main scores") == {"mean IoU": [[(50, 0.5)]], "AP50": [[(50, 0.3)]]}
    assert lines(charts, "Segmentation: IoU by class") == {"roof": [[(50, 0.6)]], "road": [[(50, 0.4)]]}
    assert lines(charts, "Segmentation: F1 by class") == {"roof": [[(50, 0.7)]]}
    assert lines(charts, "Detection: AP50 by class") == {"car": [[(50, 0.3)]]}
    assert not any("threshold" in series.name for chart in charts for series in chart.series)
    assert charts[0].summary() == "Main scores: mean IoU 0.500, AP50 0.300"


def test_networks_that_are_judged_in_the_same_stage_have_lines_of_their_own(write):
    found = fed(
        metrics(write, 50, {"segmentation/mean_iou": 0.5}),
        metrics(write, 50, {"segmentation/mean_iou": 0.6}, network="first_teacher"),
    )
    main = lines(score_charts(found.stages), "Main scores")
    assert main == {"mean IoU (student)": [[(50, 0.5)]], "mean IoU (first teacher)": [[(50, 0.6)]]}


def test_a_run_without_events_has_no_charts():
    assert loss_charts([]) == score_charts([]) == []


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.037), (0, 8123), (-2, 3), (0, 1e-6)])
def test_ticks_are_few_round_and_inside(low, high):
    from geodistil.ui.runs.chart import tick_step, ticks

    marks = ticks(low, high)
    assert 2 <= len(marks) <= 6 and low <= marks[0] + 1e-12 and marks[-1] <= high * (1 + 1e-9)
    step = tick_step(low, high)
    assert round(step / 10 ** math.floor(math.log10(step)), 6) in (1, 2, 2.5, 5)


def test_smoothing_is_an_average_that_follows_and_keeps_constants():
    from geodistil.ui.runs.chart import smooth

    assert smooth([(step, 3.0) for step in range(9)]) == [(step, 3.0) for step in range(9)]
    rising = smooth([(step, float(step)) for step in range(50)], weight=0.2)
    assert rising[0] == (0, 0.0) and rising[1] == (1, 0.5)
    assert all(smoothed < step for step, smoothed in rising[2:])
    assert rising[-1][1] == pytest.approx(49 - 0.8 / 0.2, abs=0.01)  # an average with weight w lags (1 - w) / w


def test_packaging_is_progress_and_no_stage(write):
    part = write.event("progress", stage="packaging", part="graph", step=6, of=7, eta_seconds=5.0, fraction=0.99)
    history = fed(write.started(1), write.progress(1), write.progress(2), part)
    assert [stage.name for stage in history.stages] == ["training"] and history.progress["part"] == "graph"
