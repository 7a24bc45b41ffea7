import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.validation.captions import (
    complaint_about,
    find_corrupt_captions,
    find_repeated_captions,
)


def described(*captions: tuple[int, str]) -> Dataset:
    samples = tuple(
        Sample(Modality.TEXT, person, caption=caption, item_id=f"caption {place}")
        for place, (person, caption) in enumerate(captions)
    )
    return Dataset("mine", "", samples, ("a", "b", "c"))


def test_captions_of_several_people_are_found_whatever_case_and_punctuation() -> None:
    (finding,) = find_repeated_captions(
        described((0, "A man in red."), (1, "a man,  in RED"), (1, "A man in green."), (1, "a man in green"))
    )
    assert finding.cases == ("2 people: a man in red",)
    assert finding.summary == "1 texts describe several people each, 2 captions in all"


def test_captions_of_one_person_may_repeat() -> None:
    assert not find_repeated_captions(described((0, "A man in red."), (0, "A man in red.")))


@pytest.mark.parametrize(
    ("caption", "complaint"),
    [
        ("The man\u00e2\u20ac\u2122s coat is red.", "misread characters"),
        ("A caf\u00c3\u00a9 waiter in white.", "misread characters"),
        ("A man \ufffd in red.", "misread characters"),
        ("A man\x00 in a red coat.", "control characters"),
        ("A man in a <b>red</b> coat.", "markup"),
        ("A man &amp; his red bag.", "markup"),
        ("red coat", "too few words"),
        ("word " * 251, "too many words"),
        ("1 2 3 4 5", "no letters"),
        ("A man wears the THE the the coat.", "a word over and over"),
        ("The man wears a very, very, very red coat.", ""),
        ("A man in a café.", ""),
        ("一个穿红色外套的男人", ""),
    ],
)
def test_what_is_wrong_with_a_caption(caption: str, complaint: str) -> None:
    assert complaint_about(caption) == complaint


def test_damaged_captions_are_listed_with_their_names() -> None:
    (finding,) = find_corrupt_captions(described((0, "A man in red."), (1, "red")))
    assert finding.severity == "fault"
    assert finding.cases == ("caption 1: too few words: red",)


@given(st.lists(st.sampled_from(["man", "coat", "red", "bag"]), min_size=3, max_size=20, unique=False))
def test_a_word_is_over_and_over_when_it_stands_four_times_in_a_row(words: list[str]) -> None:
    expected = any(len(set(words[start : start + 4])) == 1 for start in range(len(words) - 3))
    assert (complaint_about(" ".join(words)) == "a word over and over") == expected
