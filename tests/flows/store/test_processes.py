"""Several processes on one store, and what is left when one is killed."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.environment import CHECKOUT
from tests.support.stores import Place


@contextlib.contextmanager
def program(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program of `tests.support.store_programs`, for as long as the block lasts."""
    command = [sys.executable, "-m", "tests.support.store_programs", *words]
    environment = dict(os.environ, PYTHONPATH=f"{CHECKOUT}:{CHECKOUT / 'src'}")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=CHECKOUT
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line that *process* prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def records(place: Place) -> dict[str, list[int | None]]:
    """Return the numbers of the intents in the journal, and those that were ended."""

    async def read() -> dict[str, list[int | None]]:
        async with place.store() as store:
            page = await store.journal.page(limit=100_000)
            return {
                "intent": [record.id for record in page if record.kind == "intent"],
                "lease": [record.intent_id for record in page if record.kind == "lease"],
            }

    return asyncio.run(read())


def test_a_kill_between_intent_and_end_leaves_the_intent_and_no_end(place: Place) -> None:
    with program("intend", place.url, "stay") as process:
        number = int(line_of(process).split()[1])
        process.kill()
        process.wait()
    assert records(place) == {"intent": [number], "lease": []}


def test_a_kill_at_any_moment_loses_nothing_that_was_confirmed(place: Place) -> None:
    said: list[list[str]] = []
    for run in range(3):
        with program("intend", place.url, f"run-{run}") as process:
            said.append(line_of(process).split())
            time.sleep(0.05 * run)
            process.kill()
            assert process.stdout is not None
            said += [line.split() for line in process.stdout.read().splitlines()]
    kept = records(place)
    for kind, number in (words for words in said if len(words) == 2):
        assert int(number) in kept["intent" if kind == "intent" else "lease"]
    assert set(kept["lease"]) <= set(kept["intent"])


def test_ten_processes_hold_a_key_one_at_a_time(place: Place) -> None:
    mark = str(place.folder / "held")
    asyncio.run(_opened(place))
    with contextlib.ExitStack() as running:
        started = [running.enter_context(program("hold", place.url, mark)) for _ in range(10)]
        assert [line_of(process) for process in started] == ["held"] * 10


def test_a_killed_holder_frees_its_key(place: Place) -> None:
    with program("grab", place.url, "key") as process:
        assert line_of(process) == "held"

        async def take() -> None:
            async with place.store() as store:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2), store.single_flight("key"):
                        pytest.fail("two at once")
                process.kill()
                async with asyncio.timeout(5), store.single_flight("key"):
                    pass

        asyncio.run(take())


async def _opened(place: Place) -> None:
    async with place.store():
        pass
