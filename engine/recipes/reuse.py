"""Teachers that an earlier run has trained already."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..config import Run, load_run
from ..errors import ConfigError

CHECKPOINTS = "checkpoints"


def best_weights(folder: Path, name: str) -> Path:
    """Where a run keeps the best weights of one of its networks."""
    return folder / CHECKPOINTS / f"{name}.safetensors"


def load_teachers(folder: str, teachers: dict[str, nn.Module], run: Run) -> None:
    """Fill teachers with the best weights of the networks of the same names in another run.

    Raises:
        ConfigError: the other run has other classes or other networks, or has not finished them.
    """
    other = load_run(folder)
    for task in ("detection_classes", "segmentation_classes"):
        mine, theirs = ([definition.name for definition in getattr(each, task)] for each in (run, other))
        if mine != theirs:
            raise ConfigError(f"The teachers of {folder} know the {task} {theirs}, and this run has {mine}.")
    for name, teacher in teachers.items():
        path = best_weights(Path(folder), name)
        try:
            teacher.load_state_dict(load_file(path))
        except (OSError, SafetensorError) as error:
            raise ConfigError(f"There is no trained {name} at {path}; finish that run first.") from error
        except RuntimeError as error:
            raise ConfigError(
                f"The {name} at {path} is another network than this run's; give it the same size."
            ) from error
