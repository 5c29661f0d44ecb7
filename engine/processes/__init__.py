"""Processes: who owns a folder, who ends with whom, and what the dead have left behind."""

from .identity import Identity, Place, check_place, lives, me, place
from .interruption import Interrupted, held, interruptible
from .leftovers import name_semaphores, remove_scratch, scratch, sweep, sweep_semaphores
from .lifetime import FORKSERVER_GUARD, end_with_parent, end_with_process
from .ownership import OWNER_FILE, Lost, Owner

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
    "me",
    "name_semaphores",
    "place",
    "remove_scratch",
    "scratch",
    "sweep",
    "sweep_semaphores",
]
