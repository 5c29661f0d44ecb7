"""Imported first by a forkserver: it ends with its parent, also while it imports what workers need, and they with it.

Workers end by themselves too, see `end_with_parent`, but only once their work has been sent and begun.
"""

from __future__ import annotations

import atexit
import os

from .lifetime import end_with_maker, end_with_process

SERVER = os.getpid()

end_with_process(os.getppid())
atexit.register(os._exit, 0)  # taking PyTorch apart at an end in order takes seconds
os.register_at_fork(after_in_child=lambda: end_with_maker(SERVER))
