"""What checks annotations while tests run."""

import random

from crossreid.server.roles import Role, permissions_of


def test_checking_a_list_draws_nothing_from_the_common_random_numbers() -> None:
    before = random.getstate()
    for _ in range(3):
        permissions_of(list(Role))
    assert random.getstate() == before
