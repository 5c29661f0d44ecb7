"""The report of a run, one self-contained HTML file."""

from .page import REPORT_FILE, write_report
from .preview import Labelling, preview_png

__all__ = ["REPORT_FILE", "Labelling", "preview_png", "write_report"]
