"""A whole scene from a look and a seed: town, blocks, street trees, traffic."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import STRtree

from .blocks import Builder
from .looks import Look
from .shapes import Scene, Tree
from .town import plan_town
from .traffic import add_traffic

MARGIN = 16.0
"""Metres around the image that are planned and painted too, because shadows fall in from there."""


def compose(look: Look, side: float, seed: int) -> Scene:
    """Everything in a square scene of `side` metres."""
    rng = np.random.default_rng(seed)
    town = plan_town(look, side, MARGIN, rng)
    scene = Scene(streets=town.streets(), water=town.river())
    builder = Builder(look, town.frame, scene, rng)
    blocks = sorted(town.blocks(), key=lambda block: np.hypot(block.u0 + block.u1, block.v0 + block.v1))
    for number, block in enumerate(blocks):
        # Tiny scenes show the middle only, and should have houses.
        builder.fill(block, "houses" if number == 0 else None)
    _keep_near(scene, side)
    scene.water = scene.water.difference(scene.roof_area().buffer(2))
    add_traffic(scene, builder.driveways, rng)
    _add_street_trees(scene, look, rng)
    scene.trees = _standing(scene)
    return scene


def _keep_near(scene: Scene, side: float) -> None:
    """Drop what can be neither seen nor cast a shadow into the image."""
    near = shapely.box(-MARGIN, -MARGIN, side + MARGIN, side + MARGIN)
    shapely.prepare(near)
    scene.roofs = [roof for roof in scene.roofs if near.intersects(roof.box.polygon())]
    scene.lots = [lot for lot in scene.lots if near.intersects(lot.polygon())]
    scene.patches = [patch for patch in scene.patches if near.intersects(patch.polygon)]
    scene.paved = [patch for patch in scene.paved if near.intersects(patch.polygon)]
    scene.trees = [tree for tree in scene.trees if near.intersects(shapely.Point(tree.x, tree.y))]
    streets = [street for street in scene.streets if near.intersects(street.line)]
    scene.streets = [type(s)(s.line.intersection(near), s.width, s.marked) for s in streets]
    scene.streets = [street for street in scene.streets if street.line.geom_type == "LineString"]


def _add_street_trees(scene: Scene, look: Look, rng: np.random.Generator) -> None:
    for street in scene.streets:
        for side in (-1, 1):
            kerb = street.line.offset_curve(side * (street.width / 2 + 1.2))
            for distance in rng.uniform(0, kerb.length, rng.poisson(look.street_trees * kerb.length)):
                point, radius = kerb.interpolate(distance), rng.uniform(1.6, 3.2)
                scene.trees.append(Tree(point.x, point.y, radius, radius * 2.2, str(rng.choice(look.leaves))))


def _standing(scene: Scene) -> list[Tree]:
    """The trees whose stem has ground to stand on and whose crown hides no vehicle."""
    if not scene.trees:
        return []
    x, y = np.array([(tree.x, tree.y) for tree in scene.trees]).T
    taken = shapely.union_all([scene.roof_area().buffer(1.0), scene.road().buffer(0.5), scene.water.buffer(1.0)])
    shapely.prepare(taken)
    free = ~shapely.contains_xy(taken, x, y)
    crowns = shapely.buffer(shapely.points(x, y), [tree.radius * 0.95 for tree in scene.trees])
    outlines = [vehicle.box.polygon() for vehicle in scene.vehicles]
    free[STRtree(outlines).query(crowns, predicate="intersects")[0]] = False
    return [tree for tree, stands in zip(scene.trees, free, strict=True) if stands]
