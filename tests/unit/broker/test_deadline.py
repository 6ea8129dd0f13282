"""How long a whole lease may take."""

import asyncio

import pytest

from gitlease.broker.deadline import in_time
from gitlease.broker.errors import LateError

pytestmark = pytest.mark.enable_socket


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise TimeoutError("of its own")


async def answer() -> int:
    return 7


def test_what_is_ready_in_time_is_returned() -> None:
    assert asyncio.run(in_time(answer())) == 7


def test_what_is_late_is_ended_and_told() -> None:
    with pytest.raises(LateError, match=r"no answer within 0\.01 s"):
        asyncio.run(in_time(wait_for_ever(), 0.01))


def test_another_limit_is_not_taken_for_this_one() -> None:
    with pytest.raises(TimeoutError, match="of its own"):
        asyncio.run(in_time(fail()))


def test_who_is_ended_by_somebody_else_is_not_called_late() -> None:
    """And a limit that has passed leaves nothing behind that would end what comes next."""

    async def run() -> None:
        task = asyncio.create_task(in_time(wait_for_ever()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(LateError):
            await in_time(wait_for_ever(), 0.001)
        this = asyncio.current_task()
        assert this is not None
        assert this.cancelling() == 0
        assert await in_time(answer()) == 7

    asyncio.run(run())
