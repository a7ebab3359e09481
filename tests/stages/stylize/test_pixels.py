import torch

from stages.stylize.pixels import Pixels


def test_begins_at_the_start_at_every_size():
    start = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    pixels = Pixels(start)
    pixels.resize((10, 12))
    assert pixels.change.shape == (1, 3, 10, 12)
    pixels.resize((20, 24))
    torch.testing.assert_close(pixels.image(), start)


def test_detail_that_a_size_lacks_is_the_starts():
    start = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    pixels = Pixels(start)
    pixels.resize((8, 8))
    with torch.no_grad():
        pixels.change += 0.25
    pixels.resize((32, 32))
    torch.testing.assert_close(pixels.image(), start + 0.25)


def test_a_change_stays_in_its_regions_span():
    start = torch.full((1, 3, 4, 6), 0.5)
    weights = torch.zeros(1, 2, 4, 6)
    weights[:, 0, :, :3] = weights[:, 1, :, 3:] = 1
    grey = torch.full((3, 3), 1 / 3)
    pixels = Pixels(start, weights, torch.stack([grey, torch.eye(3)]))
    pixels.resize((4, 6))
    with torch.no_grad():
        pixels.change[:, 0] = 0.3
    image = pixels.image()
    torch.testing.assert_close(image[..., :3], torch.full((1, 3, 4, 3), 0.6))
    torch.testing.assert_close(image[0, :, 0, 4], torch.tensor([0.8, 0.5, 0.5]))
    image.sum().backward()
    assert pixels.change.grad is not None
