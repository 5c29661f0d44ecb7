"""One loop for every recipe: draw, losses, backward, step, average, validate, checkpoint, event."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from .. import ranks
from ..data import Draw, chips_per_epoch, training_loader
from ..data.identity import Identity
from ..distillation.arithmetic import total
from ..errors import Stopped
from ..events import CheckpointEvent, Log, MetricsEvent, NoteEvent, StageEvent, WarningEvent
from ..models import TaskNetwork, single_precision_depthwise, uncertain_statistics
from ..models.devices import channels_last
from ..processes import Interrupted, interruptible
from ..recipes import Stage, ema_of
from ..recipes.plan import PlannedRun, network_of
from ..types import Batch, Role, given
from .best import BestWeights, kept
from .checkpoint_files import check_data, data_of, packed, unpacked
from .checkpoints import (
    MOST_SETBACKS,
    Diverged,
    State,
    belongs_to,
    check_finite,
    check_stages,
    diverged,
    fits,
    load_last,
    rate_after,
    save_last,
)
from .choosing import Chooser
from .clock import (
    CommonTime,
    Patience,
    StageClock,
    TimeBudget,
    check_patience,
    learning_rate,
    measured_time_budget,
    stage_budget,
    with_time_budget,
)
from .device import enough_memory, half_precision, random_states, set_random_states
from .optimizer import averaged, load_optimizer, make_optimizer
from .telling import Telling, Trained
from .together import forget_passes, passes_of, same_everywhere
from .validation import Fitted, Validator, fit_once, main_score, take_fitted

PROGRESS_EVERY = 1.0
"""Seconds between progress events."""

MOST_SKIPPED = 20
"""Steps in a row whose loss may be no number in float16, which has no room for large values; they are left out."""

CHECKPOINT_EVERY = 300.0
"""Seconds after which a checkpoint is written even between validations."""


class Loop:
    """Runs a plan's stages one after the other, from the last checkpoint where there is one.

    Args:
        planned: the run.
        fabric: device and precision.
        events: told of everything.
    """

    def __init__(self, planned: PlannedRun, fabric: Fabric, events: Log) -> None:
        self.folder, self.run, self.prepared, self.plan = planned.folder, planned.run, planned.prepared, planned.plan
        self.planned, self.fabric, self.events = planned, fabric, events
        self.best = BestWeights(self.folder)
        self.validator = Validator(self.run, self.prepared, fabric, self.plan.heard)
        self.scores: dict[str, float] = {}
        self.values: dict[str, dict[str, float]] = {}
        self._said: set[str] = set()
        self.fitted: Fitted = {}
        self.time_budget: TimeBudget | None = None
        self.data: dict[str, Identity] = {}
        self.now = CommonTime()

    def train(self) -> Trained:
        """Run what is left of the plan.

        Raises:
            Stopped: a person asked for an orderly end; a checkpoint was written.
            ConfigError: `training.patience` is longer than the run.
            TrainingError: the loss is not a number, or the checkpoint does not fit.
            DeviceError: the device ran out of memory.
            OutputError: a checkpoint cannot be written.
        """
        check_patience(self.run, self.plan)
        state = self.last()
        same_everywhere(self.folder, self.run, self.prepared, self.plan, state)
        self.data = data_of(self.run, self.plan, state.data if state else None)
        if state is not None:
            with fits(self.folder):
                check_data(state.data, self.data, self.folder)
                self.go_on(state)
        for network in self.plan.networks.values():
            channels_last(network, self.fabric.device)
        with fits(self.folder):
            self.fitted = take_fitted(state.fitted if state is not None else {}, self.plan.networks)
        with single_precision_depthwise(self.plan.networks.values()):
            self._share_minutes(state)
            for index in range(state.stage if state else 0, len(self.plan.stages)):
                self._stage(index, state if state and state.stage == index else None)
        network = network_of(self.plan.networks, self.plan.exported)
        self.best.load(self.plan.exported, network)
        if self.run.training.mirrored_validation:  # which chose the weights; predict looks once, by thresholds for that
            self.values[self.plan.exported] = self.validator.score(
                network_of(self.plan.networks, self.plan.exported), mirrored=False
            )
        return Trained(network.cpu().eval(), self.values.get(self.plan.exported, {}), self.values)

    def last(self) -> State | None:
        """The last checkpoint; reading it may put a damaged one aside."""
        with ranks.first_before_others():
            return load_last(self.folder, self.run, self.warn)

    def go_on(self, state: State) -> None:
        """Have scores and files as they were at a checkpoint."""
        check_stages(state, self.plan, self.folder)
        self.scores, self.values = state.scores, state.values
        self.best.restore(state.best, state.left, self.warn)

    def warn(self, sentence: str) -> None:
        """Tell people something that they should know."""
        self.events.write(WarningEvent(sentence))

    def _share_minutes(self, state: State | None) -> None:
        """Divide a budget in minutes by what steps take; once, for a training that goes on keeps its own."""
        if state is not None:
            with fits(self.folder):
                self.time_budget = TimeBudget.read(state.division) if state.division else None
        elif self.run.training.budget.minutes is not None and any(stage.timed for stage in self.plan.stages):
            with enough_memory(self.run.training, self.fabric.device), interruptible():
                self.time_budget, sentence = measured_time_budget(self.planned, self.fabric)
            self.events.write(NoteEvent(sentence))
        if self.time_budget is not None and self.run.training.budget.minutes is not None:
            self.plan = with_time_budget(self.plan, self.time_budget)

    def _stage(self, index: int, state: State | None) -> None:
        stage = self.plan.stages[index]
        forget_passes()
        self._load_earlier(index)
        self.best.enter(stage.validated)
        self.plan.enter(stage)
        self.now.look()
        work = _Work.of(self, stage, index, state)
        self.events.write(
            StageEvent(
                name=stage.name,
                index=index,
                of=len(self.plan.stages),
                roles=list(stage.roles),
                networks={name: self.plan.described[name] for name in stage.trainable if name in self.plan.described},
            )
        )
        with enough_memory(self.run.training, self.fabric.device), ExitStack() as stack:
            noise = (
                self.run.training.statistics_noise if stage.validated else 0.0
            )  # labels are learned so, pixels are not
            for name in stage.trainable:
                stack.enter_context(uncertain_statistics(self.plan.networks[name], noise))
            work.run()
        self.best.leave(stage, self.plan.stages[index + 1 :])
        ranks.wait()  # until what later stages begin with is written

    def weigh(self) -> None:
        """Have the plan take note of what validation has found so far."""
        for sentence in self.plan.weigh(self.values):
            if sentence not in self._said:
                self.events.write(NoteEvent(sentence))
            self._said.add(sentence)

    def _load_earlier(self, index: int) -> None:
        for stage in self.plan.stages[:index]:
            for name in stage.saved:
                self.best.load(kept(stage.name, name), self.plan.networks[name])
        for name in {name for stage in self.plan.stages[:index] for name in stage.validated}:
            self.best.load(name, self.plan.networks[name])


class _Work:
    """One stage being trained."""

    def __init__(self, loop: Loop, stage: Stage, index: int) -> None:
        self.loop, self.stage, self.index = loop, stage, index
        self.run_settings = loop.run.training
        networks = loop.plan.networks
        self.trained = nn.ModuleDict({name: networks[name] for name in stage.trainable})
        self.averages = {
            name: averaged(networks[name], self.run_settings.ema_decay, name in stage.warm_started)
            for name in stage.validated
        }
        # What losses see: everything, and the averages of what is judged, which may teach but never learn.
        self.networks = {**networks, **{ema_of(name): each.module for name, each in self.averages.items()}}
        self.optimizer = make_optimizer(self.trained, loop.run.training, loop.fabric)
        self.samples: dict[str, int] = dict.fromkeys(stage.roles, 0)
        self.clock = self._clock()
        self.patience = Patience(self.run_settings.patience)
        self.chooser = Chooser(stage, loop.run, loop.prepared, loop.fabric) if stage.chooses else None
        self.validated = 0.0
        self.skipped = self.setbacks = 0
        size, device = self.run_settings.batch_size, loop.fabric.device
        self.telling = Telling(loop.events, loop.plan.stages, index, size)
        self.passes = passes_of(
            loop.fabric, stage, self.networks, size, lambda at_once: self.telling.full(device, self.clock.step, at_once)
        )
        self.start = b""
        """The stage's beginning, until it has a checkpoint."""
        self.losses: dict[str, Tensor] = {}

    @classmethod
    def of(cls, loop: Loop, stage: Stage, index: int, state: State | None) -> _Work:
        work = cls(loop, stage, index)
        if state is not None:
            with fits(loop.folder):
                work._restore(state)
        else:
            work.start = packed(vars(work._state()))
        return work

    def _clock(self, step: int = 0, elapsed: float = 0.0) -> StageClock:
        loop = self.loop
        chips = max(chips_per_epoch(loop.prepared, loop.run, role) for role in self.stage.roles)
        spent = loop.time_budget.spent if loop.time_budget is not None else 0.0
        budget = stage_budget(
            self.run_settings.budget, self.stage.share, math.ceil(chips / self.run_settings.batch_size), spent
        )
        return StageClock(budget, step, elapsed, loop.now)

    def _restore(self, state: State) -> None:
        for name, network in self.trained.items():
            network.load_state_dict(state.networks[name])
        for name, average in self.averages.items():
            average.load_state_dict(state.averages[name])
        load_optimizer(self.optimizer, state.optimizer)
        if state.scaler:
            self.loop.fabric.strategy.precision.load_state_dict(state.scaler)
        self.samples = dict(state.samples)
        self.clock = self._clock(state.step, state.elapsed)
        self.patience = Patience(self.run_settings.patience, state.waited)
        self.validated = self.clock.progress if state.validated is None else state.validated
        self.skipped, self.setbacks = state.skipped, state.setbacks
        self.passes.at_once = min(self.passes.at_once, state.at_once or self.passes.at_once)
        torch.set_rng_state(state.random)
        set_random_states(state.device_random, self.loop.fabric.device)

    def run(self) -> None:
        while True:
            try:
                return self._run()
            except Diverged as error:
                self._go_back(error)
            except Interrupted:
                self._stop()

    def _run(self) -> None:
        if self.clock.step == 0 and self.stage.begins:
            self._validate(self.stage.begins)
        elif self._validation_is_due():  # a stop has interrupted it
            self._validate()
        self._measure()
        loaders = {role: self._loader(role) for role in self.stage.roles}
        told = checkpointed = self.loop.now()
        while not (self.clock.done() or self.patience.over):
            if self.chooser is not None and (sentence := self.chooser.renew(self.networks, self.clock.progress)):
                self.loop.events.write(NoteEvent(sentence))
                loaders["unlabelled"] = self._loader("unlabelled")
            with interruptible():  # the first batch comes when its readers are there, which takes seconds
                batches = {role: next(loader).to(self.loop.fabric.device) for role, loader in loaders.items()}
            self._step(batches)
            stop, now = self.loop.now.look(self.loop.events.stop_requested()), self.loop.now()
            if now - told >= PROGRESS_EVERY or self.clock.done():
                self.telling.progress(self.clock, self.losses)
                told = now
            if due := self._validation_is_due():
                self._validate()
                stop = self.loop.now.look(self.loop.events.stop_requested()) or stop
            if due or now - checkpointed > CHECKPOINT_EVERY:
                self._checkpoint()
                checkpointed = self.loop.now()
            if stop:
                self._stop()
        if not self.clock.done():
            self.telling.early_end(self.clock, self.losses, self.patience.waited)
        self._check_finite()  # of what is not judged, too
        self.loop.best.keep(self.stage, self.loop.plan.networks)

    def _stop(self) -> None:
        path = self._checkpoint()
        raise Stopped(
            f"Training stopped as asked; {path.name} in {path.parent} keeps its place.", "Train again to go on."
        )

    def _loader(self, role: Role) -> Iterator[Batch]:
        loop, views = self.loop, role in self.stage.views
        chosen = self.chooser is not None and role == "unlabelled"
        measured = given(self.chooser).measured(self.networks) if chosen else None
        return training_loader(
            loop.prepared,
            loop.run,
            role,
            Draw(start=self.samples[role], views=views, stage=self.stage.name, measured=measured),
            warn=loop.warn,
        )

    def _step(self, batches: dict[Role, Batch]) -> None:
        fabric, settings = self.loop.fabric, self.run_settings
        rate = rate_after(self.setbacks) * learning_rate(settings, self.clock.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = group.get("factor", 1.0) * rate
        statistics = [each.clone() for each in self.trained.buffers()] if half_precision(fabric) else []
        losses = self.passes.gradients(self.stage, self.networks, batches, self.clock.progress)
        if torch.isfinite(total(losses.values())):
            self._learn(losses)
        else:
            self._skip(losses, statistics)
        for role in batches:
            self.samples[role] += settings.batch_size
        self.clock.step += 1

    def _learn(self, losses: dict[str, Tensor]) -> None:
        fabric = self.loop.fabric
        self.losses, self.skipped = losses, 0
        clip = self.run_settings.clip_norm
        fabric.clip_gradients(self.trained, self.optimizer, max_norm=clip, error_if_nonfinite=False)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        for name, average in self.averages.items():
            average.update_parameters(self.trained[name])

    def _skip(self, losses: dict[str, Tensor], statistics: list[Tensor]) -> None:
        """Leave a step out whose loss is too large for float16; other arithmetic has room, and it is a mistake there.

        Args:
            losses: the step's.
            statistics: the trained networks' buffers before it: their batch norms have seen what was too large.

        Raises:
            Diverged: it is, or too many steps in a row are so.
        """
        self.skipped += 1
        self.optimizer.zero_grad(set_to_none=True)
        half = half_precision(self.loop.fabric)
        if half and self.skipped <= MOST_SKIPPED:
            for buffer, before in zip(self.trained.buffers(), statistics, strict=True):
                buffer.copy_(before)
            return
        raise diverged(losses, self.stage.name, self.clock.step, half)

    def _go_back(self, error: Diverged) -> None:
        """Go on from the last good checkpoint, or the stage's beginning, with half the learning rate.

        Raises:
            Diverged: the stage has gone back often enough.
        """
        if self.setbacks == MOST_SETBACKS:
            raise error
        loop, setbacks = self.loop, self.setbacks + 1
        state = State(**unpacked(self.start)) if self.start else loop.last()
        if state is None or state.stage != self.index:  # what there was is gone, or damaged
            raise error
        self.optimizer.zero_grad(set_to_none=True)
        loop.go_on(state)
        self._restore(state)
        self.setbacks = setbacks
        self.telling.setback(error.message, state.step, setbacks)
        self._checkpoint()  # so that the rate stays what it is now, whatever comes

    def _validation_is_due(self) -> bool:
        due = self.clock.progress - self.validated >= 1 / self.run_settings.validations - 1e-9
        return bool(self.stage.validated) and (due or self.clock.done())

    def _measure(self) -> None:
        """Score frozen networks of other runs, and fit what is fitted, once."""
        loop = self.loop
        for name in self.stage.measures:
            if name not in loop.values:
                with interruptible():
                    loop.values[name] = loop.validator.score(network_of(loop.plan.networks, name))
                self._report(name, loop.values[name])
        for sentence in fit_once(self.stage.fits, loop.plan.networks, loop.validator, loop.fitted):
            loop.events.write(NoteEvent(sentence))
        loop.weigh()

    def _report(self, name: str, values: dict[str, float]) -> None:
        if values:
            events, stage = self.loop.events, self.stage.name
            events.write(MetricsEvent(stage=stage, network=name, step=self.clock.step, values=values))

    def _validate(self, names: tuple[str, ...] = ()) -> None:
        """Score the averages named, of all networks where none is; the best so far keep their weights."""
        loop = self.loop
        self._check_finite()
        with interruptible():  # then it has not been
            found = {
                name: loop.validator.score(cast("TaskNetwork", self.averages[name].module))
                for name in names or self.averages
            }
        found = ranks.from_first(found)
        self.validated = self.clock.progress
        before, now = dict(loop.scores), {}
        for name, values in found.items():
            average = self.averages[name]
            if values:
                now[name] = main_score(values)
            self._report(name, values)
            # Without validation blocks all scores are zero, and the latest average is the best there is.
            if main_score(values) >= loop.scores.get(name, -1.0):
                loop.scores[name], loop.values[name] = main_score(values), values
                loop.best.take(name, average.module)
        self.patience.take(before, now)
        loop.weigh()

    def _checkpoint(self) -> Path:
        self._check_finite()
        # of processes that share a batch one alone must not go back
        path = save_last(self.loop.folder, self._state(), self._check_finite if ranks.alone() else lambda: None)
        self.start = b""
        self.loop.events.write(
            CheckpointEvent(path=str(path.relative_to(self.loop.folder)), stage=self.stage.name, step=self.clock.step)
        )
        return path

    def _check_finite(self) -> None:
        check_finite([self.trained, *self.averages.values()], self.stage.name, self.clock.step)

    def _state(self) -> State:
        loop = self.loop
        return State(
            stage=self.index,
            step=self.clock.step,
            elapsed=self.clock.elapsed,
            samples=self.samples,
            scores=loop.scores,
            values=loop.values,
            networks={name: module.state_dict() for name, module in self.trained.items()},
            averages={name: average.state_dict() for name, average in self.averages.items()},
            optimizer=self.optimizer.state_dict(),
            scaler=self.loop.fabric.strategy.precision.state_dict(),
            division=asdict(loop.time_budget) if loop.time_budget is not None else {},
            random=torch.get_rng_state(),
            waited=self.patience.waited,
            validated=self.validated,
            skipped=self.skipped,
            device_random=random_states(loop.fabric.device),
            best=loop.best.now,
            left=loop.best.left,
            setbacks=self.setbacks,
            at_once=self.passes.at_once,
            fitted=loop.fitted,
            **belongs_to(loop.run, loop.plan, loop.data),
        )
