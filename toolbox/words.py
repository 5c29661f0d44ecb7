"""The field's words in help texts, linked to the guide's glossary where they come first."""

from __future__ import annotations

import re

from ..jobs.help import help_url
from ..jobs.translation import tr

WORDS = (
    (tr("ground sampling distance"), "ground-sampling-distance"),
    (tr("pseudo-labels"), "pseudo-label"),
    (tr("labelled area"), "label-labelled-area"),
    (tr("model package"), "model-package"),
    (tr("semi-supervised"), "semi-supervised"),
    (tr("run folder"), "run-run-folder"),
    (tr("class map"), "class-map"),
    (tr("backend"), "backend"),
    (tr("background"), "background"),
    (tr("checkpoint"), "checkpoint"),
    (tr("chips"), "chip"),
    (tr("encoder"), "encoder-neck-head"),
    (tr("teachers"), "distillation-teacher-student"),
    (tr("student"), "distillation-teacher-student"),
    ("AP50", "ap-ap50"),
    ("IoU", "iou"),
)
"""As help texts have them, longer ones first, and the glossary's heading."""


def linked(html: str) -> str:
    """A help text whose words of the glossary lead there, each once."""
    for word, heading in WORDS:
        found = re.search(rf"\b{re.escape(word)}\b(?![^<]*(?:>|</a>|</code>))", html, re.IGNORECASE)
        if found:
            link = f'<a href="{help_url("glossary", heading)}">{found[0]}</a>'
            html = html[: found.start()] + link + html[found.end() :]
    return html
