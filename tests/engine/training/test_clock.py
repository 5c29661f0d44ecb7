import math

import pytest

from engine.config import Budget, Training
from engine.training.clock import StageBudget, StageClock, learning_rate, stage_budget


class Time:
    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def test_a_stage_gets_its_share_of_steps_epochs_or_minutes():
    assert stage_budget(Budget(steps=100), 0.3, steps_per_epoch=7) == StageBudget(30, None)
    assert stage_budget(Budget(epochs=2.5), 0.4, steps_per_epoch=10) == StageBudget(10, None)
    assert stage_budget(Budget(minutes=10), 0.25, steps_per_epoch=7) == StageBudget(None, 150)
    assert stage_budget(Budget(steps=1), 0.1, steps_per_epoch=7).steps == 1


def test_a_clock_of_steps_ends_after_them_and_knows_what_is_left():
    now = Time()
    clock = StageClock(StageBudget(10, None), now=now)
    assert math.isnan(clock.remaining())
    for _ in range(4):
        now.seconds += 2
        clock.step += 1
    assert clock.progress == 0.4
    assert clock.remaining() == pytest.approx(12)
    assert not clock.done()
    clock.step = 10
    assert clock.done()


def test_a_clock_of_seconds_ends_when_they_are_spent_restarts_included():
    now = Time()
    clock = StageClock(StageBudget(None, 60), step=5, elapsed=30, now=now)
    now.seconds += 15
    clock.step = 6
    assert clock.progress == 0.75
    assert clock.remaining() == pytest.approx(15)
    assert clock.total_steps == 8
    now.seconds += 16
    assert clock.done()


def test_no_stage_ends_before_its_first_step():
    now = Time()
    clock = StageClock(StageBudget(None, 1), now=now)
    now.seconds += 5
    assert not clock.done()


def test_the_learning_rate_rises_then_falls_to_zero_as_a_cosine():
    settings = Training(learning_rate=0.1, warmup=0.2)
    assert learning_rate(settings, 0.1) == pytest.approx(0.05)
    assert learning_rate(settings, 0.2) == pytest.approx(0.1)
    assert learning_rate(settings, 0.6) == pytest.approx(0.05)
    assert learning_rate(settings, 1.0) == pytest.approx(0.0)
    assert 0 < learning_rate(settings, 0.0) < 0.01
