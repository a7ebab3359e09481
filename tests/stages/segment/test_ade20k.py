"""Every class of ADE20K has one group, whatever order a network has them in."""

import numpy as np
import pytest

from stages.segment.ade20k import GROUP_OF, GROUP_PALETTE, GROUPS, groups_of
from stages.segment.labels import PALETTE
from stages.segment.likeness import SUBSTITUTES

# In the order of the benchmark, by the names that the models of Hugging Face's hub have for them.
NAMES = (
    "wall,building,sky,floor,tree,ceiling,road,bed ,windowpane,grass,cabinet,sidewalk,person,earth,door,table,mountain,"
    "plant,curtain,chair,car,water,painting,sofa,shelf,house,sea,mirror,rug,field,armchair,seat,fence,desk,rock,"
    "wardrobe,lamp,bathtub,railing,cushion,base,box,column,signboard,chest of drawers,counter,sand,sink,skyscraper,"
    "fireplace,refrigerator,grandstand,path,stairs,runway,case,pool table,pillow,screen door,stairway,river,bridge,"
    "bookcase,blind,coffee table,toilet,flower,book,hill,bench,countertop,stove,palm,kitchen island,computer,"
    "swivel chair,boat,bar,arcade machine,hovel,bus,towel,light,truck,tower,chandelier,awning,streetlight,booth,"
    "television receiver,airplane,dirt track,apparel,pole,land,bannister,escalator,ottoman,bottle,buffet,poster,stage,"
    "van,ship,fountain,conveyer belt,canopy,washer,plaything,swimming pool,stool,barrel,basket,waterfall,tent,bag,"
    "minibike,cradle,oven,ball,food,step,tank,trade name,microwave,pot,animal,bicycle,lake,dishwasher,screen,blanket,"
    "sculpture,hood,sconce,vase,traffic light,tray,ashcan,fan,pier,crt screen,plate,monitor,bulletin board,shower,"
    "radiator,glass,clock,flag"
)
ADE20K = NAMES.split(",")


def test_each_of_the_150_classes_is_in_exactly_one_group() -> None:
    written = [name.strip() for names in GROUPS.values() for name in names.split(",")]
    assert sorted(written) == sorted(name.strip() for name in ADE20K)
    assert len(set(written)) == len(written) == 150


def test_groups_have_a_colour_each_and_the_names_by_which_counterparts_are_found() -> None:
    assert set(GROUPS) == set(SUBSTITUTES)
    assert list(GROUP_PALETTE) == list(GROUPS)
    assert sorted(GROUP_PALETTE.values()) == sorted(PALETTE.values())


def test_groups_follow_the_networks_own_order_and_spelling() -> None:
    names = list(GROUPS)
    groups = groups_of(ADE20K)
    assert [names[groups[ADE20K.index(name)]] for name in ("sky", "sea", "bed ", "flower", "hill", "minibike")] == [
        "sky", "water", "interior", "vegetation", "mountain", "object"
    ]  # fmt: skip
    order = np.random.default_rng(0).permutation(150)
    assert groups_of([ADE20K[at] for at in order]) == tuple(groups[at] for at in order)
    long = [{"windowpane": "Windowpane, window", "earth": "earth, ground"}.get(name, name) for name in ADE20K]
    assert groups_of(long) == groups
    assert set(groups) == set(range(len(GROUPS))) == set(GROUP_OF.values())


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        (["sky", "cat", "dog"], "3 classes apart, of which 2 are not ADE20K's: cat, dog; of ADE20K's 150 it lacks 149"),
        ([f"LABEL_{k}" for k in range(150)], "150 are not ADE20K's: label_0, label_1, label_2, ...; .* it lacks 150"),
        (ADE20K[:-1], "149 classes apart, of which 0 are not ADE20K's; of ADE20K's 150 it lacks 1"),
        ([*ADE20K, "sky"], "151 classes apart, of which 0 are not"),
        ([], "0 classes"),
    ],
)
def test_other_classes_are_refused_with_counts(classes: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        groups_of(classes)
