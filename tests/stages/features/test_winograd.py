"""Winograd's convolution against the definition, in both directions, at every remainder of rows by four."""

import pytest
import torch
from torch.autograd import gradcheck
from torch.nn import functional

from stages.features.winograd import convolve, transform


def rand(*shape, seed=0):
    numbers = torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.5
    return numbers.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else numbers


@pytest.mark.parametrize("height", [1, 4, 5, 6, 7, 12])
def test_it_is_the_convolution_and_so_is_its_gradient(height):
    image, weight, bias = rand(1, 5, height, 9).requires_grad_(True), rand(7, 5, 3, 3, seed=1), rand(7, seed=2)
    expected = functional.conv2d(image, weight, bias, padding=1)
    convolved = convolve(image, transform(weight, bias))
    torch.testing.assert_close(convolved, expected)
    assert convolved.is_contiguous(memory_format=torch.channels_last)
    along = rand(*expected.shape, seed=3)
    gradients = (torch.autograd.grad(each, image, along)[0] for each in (convolved, expected))
    torch.testing.assert_close(*gradients)


def test_gradient():
    filters = transform(rand(3, 2, 3, 3, seed=1), rand(3, seed=2))
    assert gradcheck(lambda image: convolve(image, filters), rand(1, 2, 6, 4).requires_grad_(True))


def test_float32_loses_no_more_than_another_digit():
    image, weight, bias = rand(1, 64, 40, 40), rand(64, 64, 3, 3, seed=1), rand(64, seed=2)
    exact = functional.conv2d(image, weight, bias, padding=1)

    def error(convolved):
        return ((convolved.double() - exact).norm() / exact.norm()).item()

    direct = error(functional.conv2d(image.float(), weight.float(), bias.float(), padding=1))
    assert error(convolve(image.float(), transform(weight.float(), bias.float()))) < max(10 * direct, 1e-6)
