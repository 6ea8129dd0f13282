"""
Run an event loop in a thread of its own, and let other threads have things done in it.
"""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """A thread that enters the async context *servers*, and leaves it when told to stop."""

    def __init__(self, servers: contextlib.AbstractAsyncContextManager[Any]) -> None:
        self._servers = servers
        self._started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="gitlease-emulator")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def start(self) -> None:
        """Return when the servers serve; raises what kept them from it."""
        self._thread.start()
        try:
            self._started.result()
        except BaseException:
            self._thread.join()
            raise

    def stop(self) -> None:
        """Return when everything is closed and the thread has ended."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def call(self, do: Callable[[], T]) -> T:
        """Return what *do* returns, done in the loop; done here if the loop has ended."""
        if self._loop is None or not self._thread.is_alive():
            return do()

        async def doing() -> T:
            return do()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result()

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised where start() waits
            if not self._started.done():
                self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._servers:
            self._started.set_result(None)
            await self._stop.wait()
