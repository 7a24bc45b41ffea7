from crossreid.core.errors import CrossReIDError, DataError


def test_a_message_says_what_was_found_expected_and_what_to_do():
    error = DataError("3 files", expected="4 files", remedy="copy the last one")
    assert str(error) == "3 files; expected 4 files; copy the last one"
    assert (error.found, error.expected, error.remedy) == ("3 files", "4 files", "copy the last one")


def test_parts_may_be_left_out():
    assert str(CrossReIDError("3 files")) == "3 files"
    assert str(CrossReIDError("3 files", remedy="copy one")) == "3 files; copy one"
