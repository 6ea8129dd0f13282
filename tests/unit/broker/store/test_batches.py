"""Callers at the same time share one piece of work, and each gets what is his."""

import asyncio
from collections.abc import Sequence

import pytest

from gitlease.broker.store.batches import Batches
from gitlease.broker.store.errors import StoreError, StoreUnavailableError

pytestmark = pytest.mark.enable_socket  # for the event loop alone


class Work:
    """Doubles numbers, batch by batch, whenever it is let go on."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.gate = asyncio.Event()
        self.failure: StoreError | None = None

    async def __call__(self, asked: Sequence[int]) -> Sequence[object]:
        self.batches.append(asked)
        await self.gate.wait()
        if self.failure is not None and 13 in asked:
            raise self.failure
        return [one * 2 for one in asked]


async def asked(batches: Batches[int], *numbers: int) -> list[asyncio.Task[object]]:
    """Return the calls for *numbers*, each of which has begun."""
    tasks: list[asyncio.Task[object]] = []
    for number in numbers:
        tasks.append(asyncio.create_task(batches.ask(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return tasks


def _said(heard: object) -> object:
    return heard.message if isinstance(heard, StoreError) else heard


def test_who_comes_while_a_batch_is_under_way_shares_the_next_one() -> None:
    async def run() -> None:
        work = Work()
        calls = await asked(Batches(work), 1, 2, 3)
        work.gate.set()
        assert await asyncio.gather(*calls) == [2, 4, 6]
        assert work.batches == [[1], [2, 3]]

    asyncio.run(run())


def test_who_waits_behind_a_batch_that_got_no_answer_hears_so_with_it() -> None:
    """Otherwise a call would take as long as the one before it and then as long as its own."""

    async def run() -> None:
        work = Work()
        work.failure = StoreUnavailableError("away")
        batches = Batches(work)
        calls = await asked(batches, 13, 2, 3)
        work.gate.set()
        heard = await asyncio.gather(*calls, return_exceptions=True)
        assert [_said(one) for one in heard] == ["away"] * 3
        assert len({id(one) for one in heard}) == 3
        assert work.batches == [[13]]
        assert await batches.ask(4) == 8

    asyncio.run(run())


def test_what_is_refused_takes_no_other_with_it() -> None:
    async def run() -> None:
        work = Work()
        work.failure = StoreError("refused")
        calls = await asked(Batches(work), 1, 2, 13, 3)
        work.gate.set()
        heard = await asyncio.gather(*calls, return_exceptions=True)
        assert [_said(one) for one in heard] == [2, 4, "refused", 6]

    asyncio.run(run())


def test_closing_ends_what_was_asked_and_takes_no_more() -> None:
    async def run() -> None:
        work = Work()
        batches = Batches(work)
        calls = await asked(batches, 1, 2)
        work.gate.set()
        await batches.close()
        assert [call.result() for call in calls] == [2, 4]
        with pytest.raises(StoreUnavailableError, match="closed"):
            await batches.ask(3)

    asyncio.run(run())
