"""Processes: who owns a folder, who ends with whom, and what the dead have left behind."""

from .identity import Identity, Place, check_place, lives, me, place
from .lifetime import FORKSERVER_GUARD, Interrupted, end_with_parent, end_with_process, held, interruptible
from .ownership import (
    OWNER_FILE,
    Lost,
    Owner,
    made_once,
    name_semaphores,
    remove_scratch,
    scratch,
    sweep,
    sweep_semaphores,
)

__all__ = [
    "FORKSERVER_GUARD",
    "OWNER_FILE",
    "Identity",
    "Interrupted",
    "Lost",
    "Owner",
    "Place",
    "check_place",
    "end_with_parent",
    "end_with_process",
    "held",
    "interruptible",
    "lives",
    "made_once",
    "me",
    "name_semaphores",
    "place",
    "remove_scratch",
    "scratch",
    "sweep",
    "sweep_semaphores",
]
