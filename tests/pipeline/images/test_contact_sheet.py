import numpy as np
import pytest

from pipeline.images.contact_sheet import GAP, TILE, TITLE, Tile, contact_sheet

TOP = TITLE + 2 * GAP
RED, GREEN, BLUE = np.eye(3, dtype=np.float32)


def plain(colour, height=30, width=40):
    return np.broadcast_to(colour, (height, width, 3)).astype(np.float32)


def left(column):
    return GAP + column * (TILE + GAP)


def test_pictures_stand_in_their_rows_and_columns():
    sheet = contact_sheet("pair", [[Tile("a", plain(RED)), Tile("b", plain(GREEN))], [Tile("c", plain(BLUE))]])
    assert sheet.dtype == np.float32
    assert sheet.shape[1] == GAP + 2 * (TILE + GAP)
    np.testing.assert_array_equal(sheet[TOP : TOP + 30, left(0) : left(0) + 40], plain(RED))
    np.testing.assert_array_equal(sheet[TOP : TOP + 30, left(1) : left(1) + 40], plain(GREEN))
    below = sheet[TOP + 30 :, left(0) : left(0) + 40].reshape(-1, 3)
    assert (below == BLUE).all(axis=1).sum() == 30 * 40


def test_a_picture_is_never_enlarged_and_a_large_one_is_brought_down_whole():
    small = contact_sheet("", [[Tile("", plain(RED, 7, 9))]])
    assert np.isclose(small, RED).all(axis=2).sum() == 7 * 9
    large = contact_sheet("", [[Tile("", plain(RED, 3 * TILE, 2 * TILE))]])
    assert np.isclose(large, RED).all(axis=2).sum() == TILE * TILE * 2 // 3


def test_a_long_label_does_not_run_into_its_neighbour():
    sheet = contact_sheet("t" * 500, [[Tile("w" * 500, plain(RED), "m" * 500), Tile("b", plain(RED))]])
    assert (sheet[TOP:, left(1) - GAP : left(1)] == 1).all()
    assert (sheet[:, -GAP:] == 1).all()


def test_a_label_is_written_under_its_picture():
    blank, labelled = (contact_sheet("", [[Tile(text, plain(RED))]]) for text in ("", "two-stage"))
    assert blank.shape == labelled.shape
    changed = np.argwhere((blank != labelled).any(axis=2))
    assert len(changed) > 50
    assert changed[:, 0].min() >= TOP + 30


def test_empty_rows_take_no_room():
    row = [Tile("a", plain(RED))]
    np.testing.assert_array_equal(contact_sheet("x", [row, [], row]), contact_sheet("x", [row, row]))


def test_no_picture_at_all_is_refused():
    with pytest.raises(ValueError, match="needs a picture"):
        contact_sheet("x", [[], []])
