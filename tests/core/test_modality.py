import pytest

from crossreid.core.modality import PAIRS, VISUAL, Modality


def test_values_are_what_prompts_and_manifests_say():
    assert [str(modality) for modality in Modality] == ["rgb", "ir", "sketch", "text"]
    assert Modality("ir") is Modality.IR
    with pytest.raises(ValueError, match="thermal"):
        Modality("thermal")


def test_words_are_the_only_evidence_without_pixels():
    assert set(Modality) - VISUAL == {Modality.TEXT}


def test_six_unordered_pairs_of_different_modalities():
    assert len(PAIRS) == 6
    assert len({frozenset(pair) for pair in PAIRS}) == 6
    assert all(first != second for first, second in PAIRS)
