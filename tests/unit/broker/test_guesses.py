"""Wrong enrolment secrets are looked up at a pace, and nobody is refused for another's."""

import asyncio

import pytest

from gitlease.broker.errors import CrowdError
from gitlease.broker.guesses import AGAIN, MOST_WAITING, OF_ALL, OF_ONE, Guesses

pytestmark = pytest.mark.enable_socket


class Clock:
    """A time that is set."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


async def waits(guesses: Guesses, address: str) -> bool:
    """Tell whether a secret from *address* has to wait for its turn."""
    turn = asyncio.ensure_future(guesses.turn(address))
    await asyncio.sleep(0)
    is_done = turn.done()
    await turn
    return not is_done


def wrong(guesses: Guesses, address: str, count: int) -> None:
    for _ in range(count):
        guesses.wrong(address)


def test_whoever_shows_few_wrong_ones_is_answered_at_once() -> None:
    async def run() -> None:
        guesses = Guesses(clock=Clock())
        wrong(guesses, "192.0.2.1", OF_ONE - 1)
        assert not await waits(guesses, "192.0.2.1")
        guesses.wrong("192.0.2.1")
        assert await waits(guesses, "192.0.2.1")
        assert not await waits(guesses, "192.0.2.2")

    asyncio.run(run())


def test_wrong_ones_are_forgotten_one_by_one() -> None:
    async def run() -> None:
        clock = Clock()
        guesses = Guesses(clock=clock)
        wrong(guesses, "192.0.2.1", OF_ONE * 100)
        clock.time = AGAIN / OF_ONE + 0.1
        assert not await waits(guesses, "192.0.2.1")
        wrong(guesses, "192.0.2.1", 2)
        assert await waits(guesses, "192.0.2.1")
        clock.time += AGAIN
        wrong(guesses, "192.0.2.1", OF_ONE - 1)
        assert not await waits(guesses, "192.0.2.1")

    asyncio.run(run())


def test_from_many_addresses_everybody_waits_and_nobody_is_refused() -> None:
    async def run() -> None:
        guesses = Guesses(clock=Clock())
        for number in range(OF_ALL):
            guesses.wrong(f"198.51.{number // 250}.{number % 250}")
        assert await waits(guesses, "192.0.2.1")

    asyncio.run(run())


def test_who_has_64_bits_of_ipv6_is_one() -> None:
    async def run() -> None:
        guesses = Guesses(clock=Clock())
        for number in range(OF_ONE):
            guesses.wrong(f"2001:db8::{number:x}")
        assert await waits(guesses, "2001:db8::ffff:1")
        assert not await waits(guesses, "2001:db8:0:1::1")
        wrong(guesses, "::ffff:192.0.2.1", OF_ONE)
        assert await waits(guesses, "192.0.2.1")

    asyncio.run(run())


def test_all_who_wait_have_one_turn_and_too_many_are_told_to_come_again() -> None:
    async def run() -> None:
        guesses = Guesses(clock=Clock())
        wrong(guesses, "192.0.2.1", OF_ONE)
        turns = [asyncio.ensure_future(guesses.turn("192.0.2.1")) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(CrowdError) as refused:
            await guesses.turn("192.0.2.1")
        assert refused.value.retry_after == 1.0
        turns[0].cancel()
        await asyncio.gather(*turns, return_exceptions=True)
        assert await waits(guesses, "192.0.2.1")

    asyncio.run(run())
