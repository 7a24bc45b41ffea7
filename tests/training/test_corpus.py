import json
from pathlib import Path

import numpy as np
import pytest
import torch

from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.synthesis.pedestrians.attributes import attribute_labels, attribute_sizes, choices
from crossreid.synthesis.pedestrians.world import World
from crossreid.synthesis.things import THINGS, draw_thing
from crossreid.training import corpus as corpus_module
from crossreid.training import corpus_batches
from crossreid.training.corpus import CAPTIONS_PER_PHOTOGRAPH, Corpus, open_corpus, shortened
from crossreid.training.corpus_batches import CorpusBatches, Development

SIZE = Preprocessing(28, 14)
PEOPLE, DRAWINGS = 7, 5


def opened(folder: Path, *, photographs: int = PEOPLE, drawings: int = DRAWINGS) -> Corpus:
    return open_corpus(
        folder, World(3), SIZE, photographs=photographs, drawings=drawings, workers=1, quiet=True
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return opened(tmp_path_factory.mktemp("corpus"))


def batches(corpus: Corpus, *, photographs: int = 3) -> CorpusBatches:
    return CorpusBatches(corpus, SIZE, photographs=photographs, drawings=2, answered=2, steps=5, seed=1)


def test_the_corpus_holds_one_photograph_of_each_pretraining_person(corpus: Corpus) -> None:
    assert corpus.photographs.shape == (PEOPLE, 28, 14, 3)
    for index in (0, 6):
        expected = SIZE.resize(World(3).group("pretrain", index, 0).rgb())
        np.testing.assert_array_equal(corpus.photographs[index], expected)
        assert len(corpus.captions[index]) == CAPTIONS_PER_PHOTOGRAPH


def test_the_corpus_holds_drawings_of_things_and_none_of_people(corpus: Corpus) -> None:
    assert corpus.drawings.shape == (DRAWINGS, 28, 14, 3)
    assert all(any(name in title for name in THINGS) for title in corpus.titles)


def test_a_drawn_corpus_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(tmp_path, photographs=3)
    monkeypatch.setattr(corpus_module, "_draw_all", lambda *_, **__: pytest.fail("drawn again"))
    again, smaller = opened(tmp_path, photographs=3), opened(tmp_path, photographs=2, drawings=4)
    np.testing.assert_array_equal(first.photographs, again.photographs)
    assert (first.captions, first.titles) == (again.captions, again.titles)
    np.testing.assert_array_equal(smaller.photographs, first.photographs[:2])
    assert (smaller.captions, smaller.titles) == (first.captions[:2], first.titles[:4])
    np.testing.assert_array_equal(smaller.attributes, first.attributes[:2])


def test_an_unfinished_corpus_is_drawn_anew(tmp_path: Path) -> None:
    whole = opened(tmp_path, photographs=2)
    pixels, captions = np.array(whole.photographs), whole.captions
    (tmp_path / "content.json").unlink()  # written last
    np.lib.format.open_memmap(tmp_path / "photographs.npy", mode="r+")[:] = 0
    again = opened(tmp_path, photographs=2)
    np.testing.assert_array_equal(again.photographs, pixels)
    assert again.captions == captions
    assert len(opened(tmp_path, photographs=3).photographs) == 3
    assert len(json.loads((tmp_path / "content.json").read_text())["captions"]) == 3


def test_labels_name_the_values_of_attributes() -> None:
    person = World(0).person("pretrain", 5)
    labels, sizes = attribute_labels(person), attribute_sizes()
    assert choices("upper_colour")[labels[13]] == person.upper_colour
    assert len(labels) == len(sizes)
    assert all(0 <= label < size for label, size in zip(labels, sizes, strict=True))


def test_half_of_the_captions_are_one_sentence() -> None:
    rng = np.random.default_rng(0)
    kept = [shortened("A man in blue. He carries a bag. He walks.", rng) for _ in range(400)]
    assert set(kept) == {"A man in blue. He carries a bag. He walks.", "A man in blue."}
    assert 160 < kept.count("A man in blue.") < 240


def test_a_batch_is_a_pure_function_of_its_step(corpus: Corpus) -> None:
    first, second, other = batches(corpus)[1], batches(corpus)[1], batches(corpus)[2]
    assert torch.equal(first.pixel_values, second.pixel_values)
    assert (first.captions, first.answers, first.modalities) == (
        second.captions, second.answers, second.modalities,
    )  # fmt: skip
    assert not torch.equal(first.pixel_values, other.pixel_values)


def test_an_epoch_shows_no_photograph_twice(corpus: Corpus) -> None:
    epoch = [tuple(row) for step in range(2) for row in batches(corpus)[step].attributes.tolist()]
    assert len(set(epoch)) == 6


def test_rows_are_photographs_then_drawings_with_their_own_captions(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_batches, "_CROP", lambda image, _: image)
    monkeypatch.setattr(corpus_batches, "_DEVELOPMENT", lambda image, _: image)
    batch = batches(corpus, photographs=4)[0]
    people = [corpus.attributes.tolist().index(row) for row in batch.attributes.tolist()]
    photographs = SIZE.normalise([corpus.photographs[person] for person in people])
    np.testing.assert_array_equal(batch.pixel_values[:4].numpy(), photographs)
    assert all(batch.captions[row] in corpus.captions[person] for row, person in enumerate(people))
    for row in (4, 5):
        titled = [i for i, title in enumerate(corpus.titles) if title == batch.captions[row]]
        pictures = SIZE.normalise([corpus.drawings[i] for i in titled])
        assert np.abs(pictures - batch.pixel_values[row].numpy()).max(axis=(1, 2, 3)).min() == 0
    for row, answer in zip(batch.answered, batch.answers, strict=True):
        assert answer in (corpus.captions[people[row]] if row < 4 else [batch.captions[row]])


def test_questions_mostly_name_the_kind_of_the_picture(corpus: Corpus) -> None:
    kinds = [kind for step in range(5) for kind in batches(corpus)[step].modalities[:3]]
    assert 0.5 < kinds.count(Modality.RGB) / len(kinds) <= 1.0


def test_more_pictures_than_there_are_are_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="a batch of 8 photographs and 2 drawings out of 7 and 5"):
        batches(corpus, photographs=8)


def test_black_and_white_photographs_have_no_colour() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (28, 14, 3), dtype=np.uint8)
    rng = np.random.default_rng(1)
    grey = Development(black_and_white=1.0, light=0.2, tint=0.2)(picture, rng)
    assert (np.ptp(grey, axis=2) == 0).all()
    as_it_was = Development(black_and_white=0.0, light=0.0, tint=0.0)(picture, rng)
    np.testing.assert_allclose(as_it_was, picture, atol=1)


def test_drawings_are_deterministic_and_varied() -> None:
    def drawn(seed: int) -> tuple[bytes, str]:
        drawing = draw_thing(np.random.default_rng(seed), height=112, width=56)
        return drawing.pixels.tobytes(), drawing.caption

    assert drawn(4) == drawn(4)
    assert len({drawn(seed) for seed in range(20)}) == 20
    captions = [drawn(seed)[1] for seed in range(600)]
    assert all(any(name in caption for caption in captions) for name in THINGS)
