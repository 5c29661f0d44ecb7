"""Where a result comes from, as layer metadata: model, date, imagery, and what was done before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qgis.core import QgsLayerMetadata, QgsMapLayer

from ..translation import local_brief, tr

VOCABULARY = "GeoDistil"


@dataclass(frozen=True)
class Origin:
    """Where a result comes from.

    Args:
        title: what it shows, of which imagery.
        group: the layer tree's group that it belongs to, as names from the root on; empty for none.
        facts: (what, value) pairs for a person to read.
        history: what was done, the oldest first.
        keywords: names of model and classes.
        imagery: the file that it was made of; empty where that is not known.
    """

    title: str
    group: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    history: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    imagery: str = ""

    def metadata(self, layer: QgsMapLayer) -> QgsLayerMetadata:
        """The layer's metadata, without anybody's name or address."""
        metadata = QgsLayerMetadata()
        metadata.setIdentifier(layer.source())
        metadata.setType("dataset")
        metadata.setTitle(self.title)
        metadata.setAbstract("\n".join(f"{name}: {value}" for name, value in self.facts))
        metadata.setHistory(list(self.history))
        metadata.setCrs(layer.crs())
        metadata.addKeywords(VOCABULARY, list(self.keywords))
        return metadata


def of_model(title: str, card: dict[str, Any], package: str, imagery: str) -> Origin:
    """The origin of what a model made.

    Args:
        title: what it shows, of which imagery.
        card: the model's.
        package: where the model is.
        imagery: the file that it was made of.
    """
    made = _now()
    facts = (
        (tr("Model"), card["name"]),
        (tr("Trained"), card.get("created") or tr("unknown")),
        (tr("Ground sampling distance"), f"{local_brief(card['gsd'])} m"),
        (tr("Imagery"), imagery),
        (tr("Model package"), package),
        (tr("Made"), made),
    )
    step = tr("{made}: {title}, by the model {model}").format(made=made, title=title, model=card["name"])
    classes = [each["name"] for task in ("segmentation", "detection") for each in card.get(f"{task}_classes", ())]
    return Origin(title, (card["name"],), facts, (step,), tuple(dict.fromkeys([card["name"], *classes])), imagery)


def of_layer(title: str, layer: QgsMapLayer, group: tuple[str, ...]) -> Origin:
    """The origin of what was made of another layer, whose own origin it goes on from.

    Args:
        title: what it shows, of which layer.
        layer: the other layer.
        group: of the layer tree, as names from the root on.
    """
    made, before = _now(), layer.metadata()
    facts = ((tr("Made of"), layer.source()), (tr("Made"), made))
    history = (*before.history(), tr("{made}: {title}").format(made=made, title=title))
    abstract = ((tr("Its origin"), before.abstract().replace("\n", "; ")),) if before.abstract() else ()
    return Origin(title, group, facts + abstract, history, tuple(before.keywords(VOCABULARY)))


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="minutes")
