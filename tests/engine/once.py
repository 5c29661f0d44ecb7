"""What takes seconds to make and no test changes, made once for all processes of a test run."""

import os
import shutil
from pathlib import Path

from filelock import FileLock


def made_once(factory, name, make):
    """A folder that `make(folder)` fills; of several processes the first that asks, while the others wait.

    Args:
        factory: pytest's `tmp_path_factory`.
        name: of the folder, the only one of this name in a test run.
        make: called with the folder, which does not exist yet.
    """
    base = Path(factory.getbasetemp())
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            partial = folder.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)  # of one that failed
            make(partial)
            partial.rename(folder)
    return folder
