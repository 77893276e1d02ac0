"""The emulator in real time: one thread runs the scheduler, a pool of threads carries HTTP requests."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from emulator.clock.scheduler import Action, Scheduler
from emulator.ports import Done, WebFailure, WebRequest, WebResponse, WebResult

T = TypeVar("T")


class RealtimeClock:
    """Epoch seconds that pass `speed` times as fast as those of the clock on the wall."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._began = time.time()
        self._began_monotonic = time.monotonic()

    def now(self) -> float:
        return self._began + (time.monotonic() - self._began_monotonic) * self.speed


class RealtimeLoop:
    """Runs the scheduler's timers when they are due. Everything that touches the emulator goes through its one lock.

    `speed` is that of the scheduler's clock.
    """

    def __init__(self, scheduler: Scheduler, speed: float = 1.0) -> None:
        self.speed = speed
        self._scheduler = scheduler
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    def start(self) -> "RealtimeLoop":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Returns when the thread has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def post(self, action: Action) -> None:
        """Run `action` soon, in a turn of the scheduler. From any thread."""
        with self._changed:
            self._scheduler.after(0.0, action)
            self._changed.notify()

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` now, between two turns of the scheduler, and return its result. From any thread."""
        with self._changed:
            result = function()
            self._changed.notify()
            return result

    def _run(self) -> None:
        with self._changed:
            while not self._stopping:
                self._turn()
                due = self._scheduler.next_due()
                self._changed.wait(None if due is None else self._seconds_until(due))

    def _seconds_until(self, due: float) -> float:
        """Real seconds, not more than a wait may take: the loop looks again then."""
        return min(max(0.0, due - self._scheduler.now()) / self.speed, threading.TIMEOUT_MAX)

    def _turn(self) -> None:
        """One broken turn must not stop everybody's calls: it is logged, and the next timer runs."""
        try:
            self._scheduler.run_due()
        except Exception:
            logging.getLogger(__name__).exception("a turn of the emulator failed")


class HttpTransport:
    """Implements the port `Transport` over real HTTP; results come back through the loop.

    Timeouts come in seconds of the scheduler's clock and are real ones by the loop's speed.
    """

    def __init__(self, loop: RealtimeLoop, threads: int = 16) -> None:
        self._loop = loop
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="webhook")
        self._pool = urllib3.PoolManager(maxsize=threads, retries=False)

    def send(self, request: WebRequest, connect_timeout: float, total_timeout: float, done: Done) -> None:
        def carry() -> None:
            result = self._carry(request, connect_timeout, total_timeout)
            self._loop.post(lambda: done(result))

        self._threads.submit(carry)

    def close(self) -> None:
        """Waits for the requests that are under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._pool.clear()

    def _carry(self, request: WebRequest, connect_timeout: float, total_timeout: float) -> WebResult:
        speed = self._loop.speed
        timeout = urllib3.Timeout(connect=connect_timeout / speed, total=total_timeout / speed)
        try:
            answer = self._pool.request(
                request.method,
                request.url,
                body=request.body or None,
                headers=dict(request.headers),
                timeout=timeout,
                redirect=False,
            )
        except ReadTimeoutError:
            return WebFailure("timeout")
        except (HTTPError, OSError, ValueError):  # ValueError: what is configured is no URL
            return WebFailure("connect")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return WebResponse(answer.status, headers, answer.data)
