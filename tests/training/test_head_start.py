from dataclasses import replace
from typing import Any

import torch
from torch.nn.functional import normalize

from crossreid.core.modality import Modality
from crossreid.models.encoder import ModelEncoder
from crossreid.training.head_start import fit_heads, orthogonal_map, regress, turn_heads


def test_a_linear_map_is_found() -> None:
    generator = torch.Generator().manual_seed(0)
    features, weight = torch.randn(500, 6, generator=generator), torch.randn(4, 6, generator=generator)
    found = regress(features, features @ weight.T)
    torch.testing.assert_close(found.float(), weight, rtol=0.05, atol=0.05)  # the ridge draws it towards zero


def test_a_ridge_keeps_fewer_samples_than_coordinates_solvable() -> None:
    features = torch.eye(2, 5)
    found = regress(features, torch.tensor([[1.0], [2.0]]))
    # Gram diag(1, 1, 0, 0, 0), ridge 0.01 * 2 / 5: 1 / 1.004 of each target.
    torch.testing.assert_close(found, torch.tensor([[1.0, 2, 0, 0, 0]], dtype=torch.float64) / 1.004)


def test_fitted_heads_bring_every_modality_nearer_to_the_teacher(tiny: Any) -> None:
    dataset, student = tiny.dataset(people=6), tiny.student(dim=20)
    generator = torch.Generator().manual_seed(1)
    people = torch.randn(6, 20, generator=generator)
    labels = {person: row for row, person in enumerate(dataset.people)}
    teacher = normalize(people[[labels[sample.person_id] for sample in dataset.samples]], dim=1)

    def cosines() -> dict[Modality, float]:
        vectors = torch.from_numpy(ModelEncoder(student).encode(dataset.samples).vectors)
        products = (vectors * teacher).sum(dim=1)
        return {
            modality: float(products[[sample.modality == modality for sample in dataset.samples]].mean())
            for modality in Modality
        }

    student.train()
    before = cosines()
    student.train()
    fit_heads(student, dataset, teacher)
    assert student.training
    after = cosines()
    assert all(after[modality] > before[modality] + 0.1 for modality in Modality), (before, after)


def test_heads_of_absent_modalities_stay(tiny: Any) -> None:
    dataset, student = tiny.dataset(people=3), tiny.student(dim=20)
    words = replace(dataset, samples=dataset.of("text").samples)
    heads = {name: head.weight.detach().clone() for name, head in student.heads.items()}
    fit_heads(student, words, normalize(torch.ones(len(words.samples), 20), dim=1))
    assert torch.equal(student.heads["rgb"].weight, heads["rgb"])
    assert not torch.equal(student.heads["text"].weight, heads["text"])


def test_a_rotation_is_found() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(50, 5, generator=generator)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    found = orthogonal_map(features, features @ turn.T)
    torch.testing.assert_close(found.float(), turn, rtol=1e-4, atol=1e-4)


def test_what_is_no_rotation_gives_the_nearest_one() -> None:
    # Twice as long and a quarter turn: the turn alone is kept.
    features, targets = torch.tensor([[1.0, 0], [0, 1]]), torch.tensor([[0.0, 2], [-2, 0]])
    torch.testing.assert_close(orthogonal_map(features, targets).float(), torch.tensor([[0.0, -1], [1, 0]]))


def test_turned_heads_near_the_teacher_and_keep_their_own_cosines(tiny: Any) -> None:
    torch.manual_seed(0)
    dataset, student = tiny.dataset(people=6), tiny.student(dim=20)
    own = torch.from_numpy(ModelEncoder(student).encode(dataset.samples).vectors)
    turn = torch.linalg.qr(torch.randn(20, 20)).Q
    teacher = own @ turn.T
    student.train()
    turn_heads(student, dataset, teacher)
    assert student.training
    after = torch.from_numpy(ModelEncoder(student).encode(dataset.samples).vectors)
    torch.testing.assert_close(after @ after.T, own @ own.T, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after, teacher, rtol=1e-3, atol=1e-3)
