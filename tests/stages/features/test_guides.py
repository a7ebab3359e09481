import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.features.guides import edge_aware, guide, one_hot


def labels_of(height, width, count, seed):
    return torch.randint(0, count, (height, width), generator=torch.Generator().manual_seed(seed))


@given(st.integers(5, 20), st.integers(5, 20), st.integers(1, 4), st.integers(0, 50))
def test_guides_sum_to_one_and_keep_the_areas(h, w, count, seed):
    masks = one_hot(labels_of(4 * h, 4 * w, count, seed), count)
    guides = guide(masks, (h, w))
    torch.testing.assert_close(guides.sum(dim=0), torch.ones(h * w))
    torch.testing.assert_close(guides.mean(dim=1), masks.mean(dim=(0, 2, 3)))


@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 50))
def test_edge_aware_masks_sum_to_one(count, radius, seed):
    photo = torch.rand(1, 3, 17, 23, generator=torch.Generator().manual_seed(seed))
    masks = edge_aware(one_hot(labels_of(17, 23, count, seed), count), photo, radius)
    assert masks.min() >= 0
    assert masks.max() <= 1 + 1e-6
    torch.testing.assert_close(masks.sum(dim=1), torch.ones(1, 17, 23))


def test_a_carelessly_drawn_border_snaps_to_the_edge_of_the_photo():
    photo = torch.zeros(1, 3, 40, 40)
    photo[..., 20:] = 1
    drawn = torch.zeros(40, 40, dtype=torch.long)
    drawn[:, 22:] = 1  # two pixels off
    mask = edge_aware(one_hot(drawn, 2), photo, radius=6)[0, 1]
    off_before = (one_hot(drawn, 2)[0, 1] - photo[0, 0]).abs()[:, 20:22].mean()
    assert (mask - photo[0, 0]).abs()[:, 20:22].mean() < 0.5 * off_before
    assert mask[:, 19].mean() < 0.2


def test_a_border_without_an_edge_to_follow_is_softened():
    drawn = torch.zeros(40, 40, dtype=torch.long)
    drawn[:, 20:] = 1
    mask = edge_aware(one_hot(drawn, 2), torch.full((1, 3, 40, 40), 0.5), radius=4)[0, 1]
    steps = mask[20].diff()
    assert (steps >= -1e-6).all()
    assert steps.max() < 0.25
