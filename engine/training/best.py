"""The best weights of a run's networks: files with checksums, and those of the stage in progress in its checkpoints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from .. import ranks
from ..errors import TrainingError, WeightsError
from ..models.storage import checksum, load_weights, save_weights
from ..recipes import Stage, best_weights
from .checkpoint_files import atomically
from .checkpoints import Diverged, are_numbers

Weights = dict[str, Tensor]


def kept(stage: str, name: str) -> str:
    """The name under which a network's weights are kept as they were at the end of a stage."""
    return f"{stage}-{name}"


class BestWeights:
    """What a run keeps of its networks in `checkpoints/NAME.safetensors`.

    Of networks that the stage in progress judges the weights are in its checkpoints too, so that a training that goes
    on from any of them has the best weights of then. Files of finished stages must be as they were left. Of processes
    that train together the first one writes; all read.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.now: dict[str, Weights] = {}
        """Best weights of the networks that are judged now, on the CPU."""
        self.left: dict[str, str] = {}
        """Checksums of what finished stages have left, by the files' names."""

    def enter(self, judged: Iterable[str]) -> None:
        """Begin or go on with a stage that judges some networks."""
        self.now = {name: weights for name, weights in self.now.items() if name in judged}

    def take(self, name: str, network: nn.Module) -> Path:
        """Write a network's weights as its best ones.

        Raises:
            Diverged: one is not a number; the previous ones stay.
            OutputError: they cannot be written; the previous ones stay.
        """
        weights = {key: value.detach().cpu().clone() for key, value in network.state_dict().items()}
        if not are_numbers(weights):  # it was one when the network was scored
            raise Diverged(f"A weight of the {name.replace('_', ' ')} is not a number.", "Train again.")
        self.now[name] = weights
        return self._write(name, self.now[name])

    def keep(self, stage: Stage, networks: Mapping[str, nn.Module]) -> None:
        """Write what later stages begin with: last weights of networks that are not judged.

        Raises:
            OutputError: they cannot be written.
        """
        for name in stage.saved if ranks.is_first() else ():
            weights = {key: value.detach().cpu() for key, value in networks[name].state_dict().items()}
            self._write(kept(stage.name, name), weights)
            self.left[kept(stage.name, name)] = checksum(weights)

    def leave(self, stage: Stage, later: Iterable[Stage]) -> None:
        """Note what a stage leaves; of networks that a later one goes on training there is a copy, as they are now.

        Raises:
            OutputError: it cannot be written.
        """
        trained = {name for each in later for name in each.trainable}
        for name in stage.validated if ranks.is_first() else ():
            path = best_weights(self._folder, name)
            if not path.exists():
                continue
            self.left[name] = checksum(self._whole(path))
            if name in trained:
                copy = kept(stage.name, name)
                atomically(best_weights(self._folder, copy), partial(shutil.copyfile, path))
                self.left[copy] = self.left[name]

    def restore(self, now: dict[str, Weights], left: dict[str, str], warn: Callable[[str], None]) -> None:
        """Have the files as they were at a checkpoint.

        Args:
            now: best weights of the networks that its stage judges.
            left: checksums of what the stages before it have left.
            warn: told of files that were damaged and are written anew.

        Raises:
            TrainingError: what a finished stage left is gone or not as it was.
            OutputError: the folder cannot be written.
        """
        self.now, self.left = dict(now), dict(left)
        if not ranks.is_first():
            return
        for name, weights in now.items():
            self._bring_back(name, weights, warn)
        for name, known in left.items():
            path = best_weights(self._folder, name)
            if name not in now and checksum(self._whole(path)) != known:
                raise _lost(path, "it is another file than the one that training wrote")

    def load(self, name: str, network: nn.Module) -> bool:
        """Fill a network with its best weights, or those kept under a name; false where there are none.

        Raises:
            TrainingError: they are damaged.
        """
        path = best_weights(self._folder, name)
        weights = self.now.get(name)
        if weights is None and path.exists():
            weights = self._whole(path)
        if weights is not None:
            network.load_state_dict(weights)
        return weights is not None

    def _bring_back(self, name: str, weights: Weights, warn: Callable[[str], None]) -> None:
        path = best_weights(self._folder, name)
        try:
            if checksum(load_weights(path)) == checksum(weights):
                return
        except (OSError, WeightsError) as error:
            reason = "is missing" if isinstance(error, FileNotFoundError) else "is damaged"
            warn(f"The file {path} {reason}; the weights that the checkpoint has of it were written anew.")
        self._write(name, weights)

    def _whole(self, path: Path) -> Weights:
        try:
            return load_weights(path)
        except FileNotFoundError as error:
            raise _lost(path, "it is missing") from error
        except (OSError, WeightsError) as error:
            raise _lost(path, "it is damaged") from error

    def _write(self, name: str, weights: Weights) -> Path:
        if not ranks.is_first():
            return best_weights(self._folder, name)
        return atomically(best_weights(self._folder, name), lambda path: save_weights(weights, path))


def _lost(path: Path, reason: str) -> TrainingError:
    return TrainingError(
        f"The weights {path} of a finished stage cannot be used ({reason}).",
        f"Put a copy of the file back, or delete the folder {path.parent} to train anew.",
    )
