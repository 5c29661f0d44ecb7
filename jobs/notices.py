"""What algorithms have to say over the map when they are done, from whatever thread; the plugin listens."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QObject, pyqtSignal

from .translation import tr


class Notices(QObject):
    """A signal that crosses threads: Processing runs a model's algorithms, all of them, on a worker."""

    warned = pyqtSignal(str, str)
    """One sentence, and details or nothing."""

    def warn(self, title: str, warnings: Sequence[str]) -> None:
        """Tell an algorithm's warnings as one message; nothing where there are none.

        Args:
            title: of the algorithm.
            warnings: sentences.
        """
        if len(warnings) == 1:
            self.warned.emit(f"{title}: {warnings[0]}", "")
        elif warnings:
            sentence = tr("{title}: {count} warnings. The first: {warning}").format(
                title=title, count=len(warnings), warning=warnings[0]
            )
            self.warned.emit(sentence, "\n".join(warnings))


NOTICES = Notices()
