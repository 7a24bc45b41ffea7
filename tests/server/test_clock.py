from crossreid.server.clock import SteadyClock


class Clocks:
    """A wall clock that is set, and one that is not."""

    def __init__(self) -> None:
        self.wall, self.monotonic = 1000.0, 50.0
        self.clock = SteadyClock(
            tolerance_s=10.0, settle_s=100.0, wall=lambda: self.wall, monotonic=lambda: self.monotonic
        )

    def passes(self, seconds: float, *, set_by: float = 0.0) -> bool:
        self.monotonic += seconds
        self.wall += seconds + set_by
        return self.clock.believed()


def test_an_even_clock_is_believed_and_small_corrections_too() -> None:
    clocks = Clocks()
    assert clocks.clock.believed()
    assert clocks.passes(600)
    assert clocks.passes(1, set_by=9)
    assert clocks.passes(1, set_by=-9)


def test_after_a_jump_it_has_to_run_evenly_for_a_while() -> None:
    clocks = Clocks()
    assert not clocks.passes(5, set_by=1e7)
    assert not clocks.passes(99)
    assert clocks.passes(1)
    assert not clocks.passes(5, set_by=-1e7)
    assert not clocks.passes(60)
    assert not clocks.passes(60, set_by=11)  # another jump begins the wait anew
    assert not clocks.passes(99)
    assert clocks.passes(1)
