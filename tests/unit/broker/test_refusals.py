"""A workspace that asks in a loop for what it may not have does not fill the journal."""

from gitlease.broker.refusals import MINUTE, MOST, Refusals


class Clock:
    """A time that is set."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_the_first_of_a_minute_are_written_down_and_the_rest_is_counted() -> None:
    clock = Clock()
    refusals = Refusals(monotonic=clock)
    assert [refusals.take("greedy") for _ in range(MOST)] == [0] * MOST
    assert [refusals.take("greedy") for _ in range(500)] == [None] * 500
    clock.time = MINUTE
    assert refusals.take("greedy") == 500
    assert refusals.take("greedy") == 0


def test_each_workspace_has_its_own_minute() -> None:
    refusals = Refusals(monotonic=Clock())
    for _ in range(MOST + 1):
        refusals.take("greedy")
    assert refusals.take("greedy") is None
    assert refusals.take("modest") == 0


def test_a_quiet_minute_leaves_nothing_to_say() -> None:
    clock = Clock()
    refusals = Refusals(monotonic=clock)
    refusals.take("ws-1")
    clock.time = 10 * MINUTE
    assert refusals.take("ws-1") == 0
