import numpy as np

from crossreid.data.tokens import token_rectangle


def test_rows_are_framed_and_filled_with_the_end_token() -> None:
    rectangle, cut = token_rectangle([[5, 6, 7], [8]], start=1, end=2, longest=10)
    assert rectangle.tolist() == [[1, 5, 6, 7, 2], [1, 8, 2, 2, 2]]
    assert rectangle.dtype == np.int64
    assert cut == 0


def test_a_long_caption_loses_its_last_words_but_not_its_end_token() -> None:
    rectangle, cut = token_rectangle([[5, 6, 7], [8]], start=1, end=2, longest=4)
    assert rectangle.tolist() == [[1, 5, 6, 2], [1, 8, 2, 2]]
    assert cut == 1


def test_without_a_start_token_there_is_room_for_one_more() -> None:
    rectangle, cut = token_rectangle([[5, 6, 7]], start=None, end=2, longest=4)
    assert rectangle.tolist() == [[5, 6, 7, 2]]
    assert cut == 0


def test_no_captions_give_an_empty_rectangle() -> None:
    assert token_rectangle([], start=1, end=2, longest=4)[0].shape == (0, 0)


def test_short_rows_are_filled_with_the_padding_token_where_there_is_one() -> None:
    rectangle, _ = token_rectangle([[5, 6], [8]], start=1, end=2, longest=10, padding=0)
    assert rectangle.tolist() == [[1, 5, 6, 2], [1, 8, 2, 0]]
