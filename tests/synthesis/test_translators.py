import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.synthesis.expansion import expand_dataset
from crossreid.synthesis.translator_discriminators import PatchDiscriminator, PixelDiscriminator
from crossreid.synthesis.translator_networks import UNet
from crossreid.synthesis.translators import (
    TranslatorOutline,
    find_weights,
    one_thread,
    open_translator,
    save_translator,
)

OUTLINE = TranslatorOutline(Modality.SKETCH, height=32, width=16, channels=4, halvings=3)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = OUTLINE.network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(6.0)  # else all pictures are grey
    return save_translator(network, OUTLINE, tmp_path / "run" / "model")


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameters_by_hand():
    # down 3->2, 2->4, 4->8; up 8->4, 2*4->2, 2*2->1; 16 weights a pair of channels, norms of 4, 4 and 2 channels.
    weights = 16 * (3 * 2 + 2 * 4 + 4 * 8 + 8 * 4 + 8 * 2 + 4 * 1)
    biases = 2 + 8 + 1  # where no norm follows: first and last layer down, last layer up
    assert count(UNet(channels=2, halvings=3)) == weights + biases + 2 * (4 + 4 + 2)


def test_the_full_sized_generator_is_that_of_pix2pix():
    # 54.41 M for 256 x 256 with 8 halvings, as pix2pix' own code prints for three channels out; one channel has
    # 2 * 64 * 16 * 2 weights and 2 biases less.
    with torch.device("meta"):
        assert count(UNet(channels=64, halvings=8)) == 54_414_531 - 2 * 64 * 16 * 2 - 2


def test_a_patch_is_seventy_pixels_wide():
    discriminator = PatchDiscriminator(channels=4).eval()
    pictures = torch.randn(1, 1, 128, 128, requires_grad=True)
    (patches,) = discriminator(torch.zeros(1, 3, 128, 128), pictures)
    assert patches.shape == (1, 1, 14, 14)
    patches[0, 0, 7, 7].backward()
    assert pictures.grad is not None
    touched = pictures.grad[0, 0].abs().sum(dim=0).nonzero()
    assert int(touched.max() - touched.min()) + 1 == 70


def test_pixels_and_the_whole_are_judged():
    whole, pixels = PixelDiscriminator(channels=4, halvings=3)(
        torch.randn(2, 3, 32, 16), torch.randn(2, 1, 32, 16)
    )
    assert (whole.shape, pixels.shape) == ((2, 1), (2, 1, 32, 16))


@pytest.mark.parametrize("place", ["run", "run/model", "run/model/translator.safetensors"])
def test_a_translator_is_found_by_its_run_its_folder_and_its_file(
    saved: Path, tmp_path: Path, place: str
) -> None:
    assert find_weights(tmp_path / place) == saved
    with pytest.raises(CheckpointError, match="no translator at"):
        find_weights(tmp_path)


def test_it_keeps_sizes_and_does_what_its_network_does(saved: Path) -> None:
    rng = np.random.default_rng(0)
    photos = [rng.integers(256, size=(*size, 3), dtype=np.uint8) for size in ((32, 16), (70, 31))]
    translator = open_translator(saved)
    exact, resized = translator.translate(photos)
    assert (exact.shape, resized.shape) == ((32, 16, 3), (70, 31, 3))
    assert np.ptp(exact.astype(int), axis=2).max() == 0
    torch.manual_seed(0)
    network = OUTLINE.network().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(6.0)
        grey = network(torch.from_numpy(photos[0]).permute(2, 0, 1)[None] / 127.5 - 1)[0, 0]
    assert np.abs(exact[..., 0] - (grey.numpy() + 1) * 127.5).max() < 0.51
    assert exact.std() > 3
    assert translator.translate([]) == []


def test_a_file_that_was_trained_anew_is_read_anew(saved: Path, photo: np.ndarray) -> None:
    first = open_translator(saved)
    assert open_translator(saved) is first
    save_translator(OUTLINE.network(), OUTLINE, saved.parent)
    assert not np.array_equal(open_translator(saved).translate([photo])[0], first.translate([photo])[0])
    saved.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        open_translator(saved)


def spoil_format(file: Path) -> None:
    save_file({"x": torch.zeros(1)}, file, metadata={"crossreid": json.dumps({"format": 9})})


def spoil_weights(file: Path) -> None:
    described = {"format": 1, "modality": "ir", "height": 32, "width": 16, "channels": 4, "halvings": 3}
    save_file({"x": torch.zeros(1)}, file, metadata={"crossreid": json.dumps(described)})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.write_bytes(b"nonsense"),
        lambda f: save_file({"x": torch.zeros(1)}, f),
        spoil_format,
        spoil_weights,
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, spoil: Any) -> None:
    file = tmp_path / "translator.safetensors"
    spoil(file)
    with pytest.raises(CheckpointError, match=r"translator.safetensors cannot be read"):
        open_translator(file)


def test_sizes_must_halve():
    with pytest.raises(ConfigurationError, match="30 x 16 pixels with 3 halvings; expected multiples of 8"):
        TranslatorOutline(Modality.IR, height=30, width=16, channels=4, halvings=3)


def test_an_expansion_runs_it_in_batches_and_notes_its_weights(
    saved: Path, tmp_path: Path, photo: np.ndarray
) -> None:
    samples = tuple(
        Sample(Modality.RGB, 0, image=np.roll(photo, n, axis=0)[::4, ::4], item_id=f"{n}.png")
        for n in range(5)
    )
    dataset = Dataset("five", "", samples, ("zoe",))
    arguments: Any = {"sketch": str(tmp_path / "run"), "infrared": "none", "workers": 1, "batch_size": 2}
    expand_dataset(dataset, tmp_path / "four", progress=False, **arguments)
    file = tmp_path / "four/sketch/3.jpg"
    first, times = file.read_bytes(), (tmp_path / "four/sketch/2.jpg").stat().st_mtime_ns
    manifest = (tmp_path / "four/manifest.csv").read_text()
    assert manifest.count("translator-") == 5
    file.unlink()
    assert expand_dataset(dataset, tmp_path / "four", progress=False, **arguments).new == 1
    assert file.read_bytes() == first  # of the same batch, so of the same digits
    assert (tmp_path / "four/sketch/2.jpg").stat().st_mtime_ns == times
    with pytest.raises(CheckpointError, match="makes sketch pictures; expected one for ir"):
        expand_dataset(dataset, tmp_path / "ir", infrared=str(saved), progress=False)


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
