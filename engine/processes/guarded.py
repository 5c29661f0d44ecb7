"""Imported first by a forkserver: it ends with its parent, also while it imports what workers need."""

import os

from .lifetime import end_with_process

end_with_process(os.getppid())
