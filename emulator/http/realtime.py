"""The emulator in real time: one thread runs the scheduler, a pool of threads carries HTTP requests."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from emulator.clock.scheduler import Action, Scheduler
from emulator.http.hosts import local
from emulator.ports import Done, WebFailure, WebRequest, WebResponse, WebResult

T = TypeVar("T")


class RealtimeClock:
    """Epoch seconds that pass `speed` times as fast as those of the clock on the wall, or only when it is moved."""

    def __init__(self, speed: float = 1.0, *, stands_still: bool = False) -> None:
        self.speed = speed
        self.stands_still = stands_still
        self._began = time.time()
        self._began_monotonic = time.monotonic()

    def now(self) -> float:
        if self.stands_still:
            return self._began
        return self._began + (time.monotonic() - self._began_monotonic) * self.speed

    def move_to(self, when: float) -> None:
        """Not back: a time that has passed changes nothing."""
        self._began += max(0.0, when - self.now())

    def seconds_until(self, when: float) -> float | None:
        """Real seconds, not more than a wait may take: whoever waits looks again then. None: it does not come."""
        if self.stands_still and when > self.now():
            return None
        return min(max(0.0, when - self.now()) / self.speed, threading.TIMEOUT_MAX)


class RealtimeLoop:
    """Runs the scheduler's timers when they are due by its clock. Everything goes through its one lock."""

    def __init__(self, scheduler: Scheduler, clock: RealtimeClock) -> None:
        self.clock = clock
        self._scheduler = scheduler
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._under_way = 0  # requests whose result has not come
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    def start(self) -> "RealtimeLoop":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Returns when the thread has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def post(self, action: Action) -> None:
        """Run `action` soon, in a turn of the scheduler. From any thread."""
        with self._changed:
            self._scheduler.after(0.0, action)
            self._changed.notify_all()

    def expect(self) -> None:
        """A request goes out whose result comes by `came`. From any thread."""
        with self._changed:
            self._under_way += 1

    def came(self, action: Action) -> None:
        """Run `action`, which a request's result asks for, soon. From any thread."""

        def arrive() -> None:
            self._under_way -= 1
            action()

        self.post(arrive)

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` now, between two turns of the scheduler, and return its result. From any thread."""
        with self._changed:
            result = function()
            self._changed.notify_all()
            return result

    def advance_to(self, end: float) -> None:
        """Let time pass at once until `end`, each timer at its own time, webhooks answered before the next one runs.

        `end` in epoch seconds; it is not before now. From any thread but the loop's own.
        """
        with self._changed:
            while not self._stopping:
                self._turn()
                self._changed.wait_for(lambda: self._under_way == 0 or self._stopping)
                due = self._scheduler.next_due()
                if due is None or due > end:
                    break
                self.clock.move_to(due)
            self.clock.move_to(end)
            self._changed.notify_all()

    def _run(self) -> None:
        with self._changed:
            while not self._stopping:
                self._turn()
                self._changed.notify_all()
                due = self._scheduler.next_due()
                self._changed.wait(None if due is None else self.clock.seconds_until(due))

    def _turn(self) -> None:
        """One broken turn must not stop everybody's calls: it is logged, and the next timer runs."""
        try:
            self._scheduler.run_due()
        except Exception:
            logging.getLogger(__name__).exception("a turn of the emulator failed")


class HttpTransport:
    """Implements the port `Transport` over real HTTP; results come back through the loop.

    Timeouts come in seconds of the scheduler's clock and are real ones by its speed. `hosts` are the public names
    behind which a port of this machine answers.
    """

    def __init__(self, loop: RealtimeLoop, threads: int = 16, hosts: Mapping[str, int] | None = None) -> None:
        self._loop = loop
        self._hosts = hosts or {}
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="webhook")
        self._pool = urllib3.PoolManager(maxsize=threads, retries=False)

    def send(self, request: WebRequest, connect_timeout: float, total_timeout: float, done: Done) -> None:
        def carry() -> None:
            began = time.monotonic()
            result = self._carry(request, connect_timeout, total_timeout)
            result = replace(result, seconds=time.monotonic() - began)
            self._loop.came(lambda: done(result))

        self._loop.expect()
        self._threads.submit(carry)

    def close(self) -> None:
        """Waits for the requests that are under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._pool.clear()

    def _carry(self, request: WebRequest, connect_timeout: float, total_timeout: float) -> WebResult:
        speed = self._loop.clock.speed
        url, forwarded = local(request.url, self._hosts)
        try:
            answer = self._pool.request(
                request.method,
                url,
                body=request.body or None,
                headers={**request.headers, **forwarded},
                timeout=urllib3.Timeout(connect=connect_timeout / speed, total=total_timeout / speed),
                redirect=False,
            )
        except ReadTimeoutError:
            return WebFailure("timeout")
        except (HTTPError, OSError, ValueError):  # ValueError: what is configured is no URL
            return WebFailure("connect")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return WebResponse(answer.status, headers, answer.data)
