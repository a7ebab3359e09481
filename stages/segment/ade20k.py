"""The 150 classes of ADE20K, merged into groups of what is lit alike and should look alike.

Luan et al. (2017, section 3.2) take labels that are equivalent for the purpose, a lake and a sea, for one another. Here
every class has its group beforehand, and the groups have the names of `SUBSTITUTES`, by which a group that the style
lacks finds another.
"""

from collections.abc import Sequence

from stages.segment.labels import PALETTE, Colour

GROUPS: dict[str, str] = {
    "sky": "sky",
    "vegetation": "tree, grass, plant, field, flower, palm",
    "interior": """
        wall, floor, ceiling, bed, windowpane, cabinet, door, table, curtain, chair, painting, sofa, shelf, mirror, rug,
        armchair, seat, desk, wardrobe, lamp, bathtub, cushion, chest of drawers, counter, sink, fireplace,
        refrigerator, case, pool table, pillow, screen door, bookcase, blind, coffee table, toilet, book, countertop,
        stove, kitchen island, computer, swivel chair, bar, arcade machine, towel, light, chandelier,
        television receiver, escalator, ottoman, buffet, poster, stage, conveyer belt, washer, stool, cradle, oven,
        microwave, pot, dishwasher, screen, blanket, hood, sconce, vase, tray, fan, crt screen, plate, monitor,
        bulletin board, shower, radiator, glass, clock""",
    "object": """
        car, base, box, signboard, bench, boat, bus, truck, streetlight, airplane, pole, bottle, van, ship, plaything,
        barrel, basket, tent, bag, minibike, ball, food, tank, trade name, animal, bicycle, sculpture, traffic light,
        ashcan, flag""",
    "person": "person, apparel",
    "ground": "road, sidewalk, earth, sand, path, runway, dirt track, land",
    "building": """
        building, house, fence, railing, column, skyscraper, grandstand, stairs, stairway, bridge, hovel, tower, awning,
        booth, bannister, canopy, step, pier""",
    "water": "water, sea, river, fountain, swimming pool, waterfall, lake",
    "mountain": "mountain, rock, hill",
}  # fmt: skip
"""The classes of each group, by their names in ADE20K's scene parsing benchmark (Zhou et al. 2017)."""

GROUP_OF: dict[str, int] = {
    name.strip(): number for number, names in enumerate(GROUPS.values()) for name in names.split(",")
}
"""The number of each class's group."""

GROUP_PALETTE: dict[str, Colour] = dict(zip(GROUPS, PALETTE.values(), strict=True))
"""A group's colour in a mask: the paper's nine, in their order."""


def groups_of(classes: Sequence[str]) -> tuple[int, ...]:
    """The number of the group of each of a network's classes, in its own order.

    Args:
        classes: ADE20K's names; of several for one class, with commas between, the first one counts.

    Raises:
        ValueError: they are not ADE20K's 150.
    """
    names = [name.split(",")[0].strip().lower() for name in classes]
    strange = [name for name in names if name not in GROUP_OF]
    lacking = [name for name in GROUP_OF if name not in names]
    if strange or lacking or len(names) != len(GROUP_OF):
        told = f": {', '.join(strange[:3])}{', ...' if len(strange) > 3 else ''}" if strange else ""
        raise ValueError(
            f"it tells {len(names)} classes apart, of which {len(strange)} are not ADE20K's{told}; "
            f"of ADE20K's {len(GROUP_OF)} it lacks {len(lacking)}"
        )
    return tuple(GROUP_OF[name] for name in names)
