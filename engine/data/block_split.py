"""The split of a run, kept for those that go on from its model: ground that it has trained on must not judge it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from ..config import Run
from ..config.limits import BOUNDED
from ..text_files import write_text

SPLIT_FILE, MODEL_FOLDER = "split.json", "model"
_MOST_BYTES = 20_000_000
_Place = Annotated[int, Field(ge=-(10**10), le=10**10)]
_Blocks = Annotated[frozenset[tuple[_Place, _Place]], Field(max_length=1_000_000)]
UNKNOWN = (
    "Which ground the model of start_from has trained on is not known here ({file} does not lie beside it), so "
    "validation may flatter it, and choose its weights over better ones."
)


class BlockSplit(BaseModel):
    """Blocks of a lattice, by what a run has used them for."""

    model_config = BOUNDED | {"frozen": True}

    block_size: float = Field(gt=0, lt=1e7)
    """Side of the lattice's blocks in metres."""
    training: _Blocks
    """Those with ground that has trained."""
    validation: _Blocks
    """Those that have judged, and trained nobody."""


def write_split(folder: Path, split: BlockSplit) -> None:
    """Keep a run's split in its folder.

    Raises:
        OSError: it cannot be written.
    """
    write_text(folder / SPLIT_FILE, split.model_dump_json() + "\n")


def split_before(run: Run) -> BlockSplit | None:
    """The split of the run whose model this one goes on from; none without such a model, or where it is not known."""
    start = getattr(run.recipe, "start_from", None)
    for folder in places(start) if start else ():
        file = folder / SPLIT_FILE
        try:
            if file.stat().st_size <= _MOST_BYTES:
                return BlockSplit.model_validate_json(file.read_bytes())
        except (OSError, ValidationError):
            continue
    return None


def places(start: str) -> list[Path]:
    """Where a run's split may lie, of its model: in the run folder, or beside a copy of the model."""
    path = Path(start)
    return [path, path.parent] if path.name == MODEL_FOLDER else [path]
