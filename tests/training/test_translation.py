from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.synthesis.translator_discriminators import PatchDiscriminator
from crossreid.synthesis.translator_networks import UNet
from crossreid.synthesis.translators import find_weights, open_translator
from crossreid.training.build import read_history
from crossreid.training.config import LoopConfig, TranslatorConfig, TranslatorWeights, load_config
from crossreid.training.tasks.translators import TranslatorTask
from crossreid.training.translation import draw_pairs, train_translator
from crossreid.training.translator_batches import PairBatch, PairBatches

NETWORK = {"height": 32, "width": 16, "channels": 8, "halvings": 3, "dropout": 0.0}
LOOP = {
    "steps": 90,
    "learning_rate": 2e-3,
    "warmup_share": 0.0,
    "workers": 0,
    "tracker": None,
    "gradient_clip": 100,
}


def pairs(numbers: range, modality: Modality) -> Dataset:
    """Blobs of colour, and their negative in grey: no photograph is its own answer."""
    samples = []
    for number in numbers:
        rng = np.random.default_rng(number)
        coarse = rng.integers(256, size=(8, 4, 3), dtype=np.uint8)
        photo = cv2.resize(coarse, (16, 32), interpolation=cv2.INTER_CUBIC)
        answer = np.repeat(255 - cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        samples += [
            Sample(Modality.RGB, 0, image=photo, source_id=str(number), item_id=f"{number}"),
            Sample(modality, 0, image=answer, source_id=str(number), item_id=f"{number}-made"),
        ]
    return Dataset("blobs", "", tuple(samples), ("nobody",))


def config_of(modality: str, **changes: Any) -> TranslatorConfig:
    values = {"kind": "translator", "modality": modality, "loop": LOOP, "batch": 8, "network": NETWORK}
    return TranslatorConfig.model_validate(values | changes)


CASES = [
    ("sketch", {"discriminator": "none"}),
    ("ir", {"discriminator": "pixels", "weights": {"structure": 100, "discriminator_rate": 0.01}}),
]


@pytest.mark.parametrize(("modality", "changes"), CASES, ids=["alone", "InfraGAN"])
def test_it_learns_what_the_photograph_itself_is_not(
    tmp_path: Path, modality: str, changes: dict[str, Any]
) -> None:
    config = config_of(modality, **changes)
    learnt, held = pairs(range(32), Modality(modality)), pairs(range(100, 108), Modality(modality))
    folder = train_translator(config, learnt, tmp_path, validation=held, quiet=True)
    losses = [value for _, value in read_history(tmp_path / "history.jsonl", "absolute")]
    assert losses[-1] < 0.4 * losses[0]
    translator = open_translator(find_weights(folder))
    photos, answers = (
        [s.image for s in held.of(kind).samples if s.image is not None] for kind in ("rgb", modality)
    )
    errors, identity = (
        np.mean(
            [
                np.abs(made.mean(axis=2) - answer.mean(axis=2)).mean()
                for made, answer in zip(side, answers, strict=True)
            ]
        )
        for side in (translator.translate(photos), photos)
    )
    assert errors < 0.4 * identity
    _, (_, psnr) = read_history(tmp_path / "history.jsonl", "validation_psnr")
    made = np.stack(translator.translate(photos)).mean(axis=3) - np.stack(answers).mean(axis=3)
    assert psnr == pytest.approx(-10 * np.log10(np.mean((made / 255) ** 2)), abs=0.1)


CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("name", sorted(path.stem for path in CONFIGS.glob("translators-*.yaml")))
def test_a_configuration_runs_to_its_end_on_drawn_people(tmp_path: Path, name: str) -> None:
    smaller = [
        "loop.steps=2", "loop.log_every=1", "loop.workers=0", "loop.tracker=", "batch=2", "network.height=64",
        "network.width=64", "network.channels=2", "network.halvings=4", "drawn_people=2", "validation_people=1",
        "encounters=1",
    ]  # fmt: skip
    config = load_config(CONFIGS / f"{name}.yaml", smaller)
    assert isinstance(config, TranslatorConfig)
    drawn, held = draw_pairs(config, tmp_path / "pairs", quiet=True)
    assert held is not None
    folder = train_translator(config, drawn, tmp_path, validation=held, quiet=True)
    terms = {"total", "absolute", "adversarial", "discrimination"}
    terms |= {"structure"} if config.weights.structure else set()
    for term in terms:
        assert [step for step, _ in read_history(tmp_path / "history.jsonl", term)] == [1, 2], term
    assert len(read_history(tmp_path / "history.jsonl", "validation_psnr")) == 2
    assert open_translator(find_weights(folder)).outline.modality == config.modality


def task_and_batch() -> tuple[TranslatorTask, PairBatch]:
    torch.manual_seed(0)
    task = TranslatorTask(
        UNet(channels=2, halvings=2, dropout=0.0),
        PatchDiscriminator(channels=2),
        TranslatorWeights(structure=3),
    )
    batch = PairBatches(
        pairs(range(4), Modality.IR), Modality.IR, height=32, width=32, size=2, seed=0, steps=1
    )
    return task, batch[0]


def gradients(module: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.grad.clone() for parameter in module.parameters() if parameter.grad is not None]


def test_each_loss_moves_its_own_player_alone() -> None:
    task, batch = task_and_batch()
    assert task.discriminator is not None
    losses = task(batch, progress=0.0)
    expected = (
        100 * losses["absolute"] + 3 * losses["structure"] + losses["adversarial"] + losses["discrimination"]
    )
    assert losses["total"].item() == pytest.approx(expected.item())
    losses["adversarial"].backward(retain_graph=True)
    assert not gradients(task.discriminator)
    assert any(gradient.abs().max() > 0 for gradient in gradients(task.generator))
    task.zero_grad(set_to_none=True)
    losses["discrimination"].backward()
    assert not gradients(task.generator)
    assert all(gradient.abs().max() > 0 for gradient in gradients(task.discriminator)[-2:])


def test_one_step_is_what_two_optimisers_would_do() -> None:
    task, batch = task_and_batch()
    assert task.discriminator is not None
    # SGD, so that a gradient of the wrong size would show.
    before = [parameter.detach().clone() for parameter in task.parameters()]
    torch.manual_seed(1)
    task(batch, progress=0.0)["total"].backward()
    together = [
        parameter - 0.1 * parameter.grad for parameter in task.parameters() if parameter.grad is not None
    ]
    apart = []
    for player, names in (
        (task.generator, ("absolute", "structure", "adversarial")),
        (task.discriminator, ("discrimination",)),
    ):
        weights = {"absolute": 100.0, "structure": 3.0}
        task.zero_grad(set_to_none=True)
        losses = task(batch, progress=0.0)
        torch.stack([weights.get(name, 1.0) * losses[name] for name in names]).sum().backward()
        apart += [
            parameter - 0.1 * parameter.grad
            for parameter in player.parameters()
            if parameter.grad is not None
        ]
    assert len(together) == len(apart) == len(before)
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(together, apart, strict=True))


def test_players_learn_at_their_own_rates() -> None:
    task, _ = task_and_batch()
    task.weights = TranslatorWeights(discriminator_rate=0.01)
    generator, discriminator = task.parameter_groups(2e-4)
    assert (generator["lr"], discriminator["lr"]) == (2e-4, pytest.approx(2e-6))
    assert generator["betas"] == (0.5, 0.999)


def test_a_stopped_training_goes_on_as_if_nothing_had_stopped_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = LOOP | {"steps": 4, "checkpoint_every": 2}
    config, data = (
        config_of("sketch", batch=2, loop=loop, discriminator="pixels"),
        pairs(range(6), Modality.SKETCH),
    )
    whole = train_translator(config, data, tmp_path / "whole", quiet=True)
    read = PairBatches.__getitem__

    def stop(batches: PairBatches, step: int) -> PairBatch:
        if step == 3:
            raise KeyboardInterrupt
        return read(batches, step)

    monkeypatch.setattr(PairBatches, "__getitem__", stop)
    with pytest.raises(KeyboardInterrupt):
        train_translator(config, data, tmp_path / "stopped", quiet=True)
    monkeypatch.setattr(PairBatches, "__getitem__", read)
    stopped = train_translator(config, data, tmp_path / "stopped", quiet=True)
    first, second = (load_file(find_weights(folder)) for folder in (whole, stopped))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_pairs_stay_pairs_when_mirrored() -> None:
    batches = PairBatches(
        pairs(range(8), Modality.IR), Modality.IR, height=32, width=16, size=4, seed=0, steps=9
    )
    seen = [batches[step] for step in range(4)]
    for batch in seen:
        grey = (batch.photographs * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(dim=1)
        assert (grey + batch.targets[:, 0]).abs().max() < 0.03
    first, second = (
        torch.cat([batch.targets.mean(dim=(1, 2, 3)) for batch in half]) for half in (seen[:2], seen[2:])
    )
    assert torch.allclose(first.sort().values, second.sort().values, atol=1e-5)  # each pair once an epoch


def test_data_without_pairs_and_impossible_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="blobs without pairs of a photograph and a sketch picture"):
        train_translator(config_of("sketch"), pairs(range(2), Modality.IR), tmp_path, quiet=True)
    with pytest.raises(ValueError, match="no multiples of 8"):
        config_of("sketch", network=NETWORK | {"width": 20})
    with pytest.raises(ValueError, match="there is no discriminator"):
        config_of("sketch", discriminator="none", weights={"absolute": 0})
    with pytest.raises(ConfigurationError, match="1 halvings"):
        UNet(channels=2, halvings=1)
    assert LoopConfig(**LOOP).steps == 90
