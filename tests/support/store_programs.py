"""
Programs that tests run as processes of their own, on one store.

``python -m tests.support.store_programs ACTION URL WORD`` prints one line for each thing done.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from gitlease.broker.store import Entry, Outcome, Store
from tests.support.stores import KEY


async def intend(store: Store, word: str) -> None:
    """Write intents and ends without end; the last line printed is what surely happened."""
    while True:
        entry = Entry(at=time.time(), kind="intent", request_id=word)
        number = await store.journal.intend(entry)
        print("intent", number, flush=True)
        if word == "stay":
            await asyncio.sleep(60)
        end = Outcome(at=time.time(), kind="lease", fingerprint=f"fp-{number}", source="mint")
        await store.journal.end(number, end)
        print("end", number, flush=True)


async def hold(store: Store, word: str) -> None:
    """Hold one key ten times, and fail if anybody else does at that moment."""
    for _ in range(10):
        async with store.single_flight("key"):
            descriptor = os.open(word, os.O_CREAT | os.O_EXCL)
            await asyncio.sleep(0.002)
            os.unlink(word)  # noqa: PTH108 - like the line that made it
            os.close(descriptor)
    print("held", flush=True)


async def grab(store: Store, word: str) -> None:
    """Hold the key *word* until killed."""
    async with store.single_flight(word):
        print("held", flush=True)
        await asyncio.sleep(60)


ACTIONS: dict[str, Callable[[Store, str], Awaitable[None]]] = {
    "intend": intend,
    "hold": hold,
    "grab": grab,
}


async def main(action: str, url: str, word: str) -> None:
    """Do *action* on the store at *url*."""
    store = await Store.open(url, keys=[KEY])
    try:
        await ACTIONS[action](store, word)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
