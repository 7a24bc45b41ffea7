import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.server.phrases import split_phrases, without


def test_a_description_falls_into_what_it_says() -> None:
    words = "a man in a red jacket, carrying a black backpack and wearing jeans"
    assert [p.text for p in split_phrases(words)] == ["a man", "a red jacket", "a black backpack", "jeans"]


@given(st.text(max_size=200))
def test_phrases_stand_where_they_say(words: str) -> None:
    last = 0
    for phrase in split_phrases(words):
        assert words[phrase.start : phrase.end] == phrase.text
        assert last <= phrase.start < phrase.end
        last = phrase.end


def test_the_rest_is_the_description_without_the_phrase() -> None:
    words = "a man in a red jacket"
    man, jacket = split_phrases(words)
    assert without(words, man) == "in a red jacket"
    assert without(words, jacket) == "a man in"


@pytest.mark.parametrize("words", ["red jacket", "the red jacket,", "with a red jacket and"])
def test_nothing_is_left_of_a_single_phrase(words: str) -> None:
    (phrase,) = split_phrases(words)
    assert without(words, phrase) == ""


def test_empty_words_have_no_phrases_and_endless_ones_a_dozen() -> None:
    assert split_phrases(" , and the ") == []
    assert len(split_phrases(", ".join(f"thing{n}" for n in range(50)))) == 12
