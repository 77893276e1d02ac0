"""One kind of resource over REST: list and create, fetch, update and delete, the same for all kinds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from emulator.rest import pages
from emulator.rest.fields import check_version
from emulator.rest.framework import (
    NO_CONTENT,
    NO_PARAMETERS,
    Body,
    Operation,
    Parameters,
    Request,
    RestAnswer,
    Route,
    not_found,
)
from emulator.rest.representations import etag


class HasSid(Protocol):
    @property
    def sid(self) -> str: ...


T = TypeVar("T", bound=HasSid)


@dataclass(frozen=True)
class Api:
    """What differs between the API of 2010 and TaskRouter's: how a path ends, and the pages of its lists."""

    suffix: str
    page: Callable[[Request, str, Sequence[Body]], RestAnswer]


API_2010 = Api(".json", pages.numbered_page)
TASKROUTER = Api("", pages.page_by_token)


@dataclass(frozen=True, kw_only=True)
class Collection(Generic[T]):
    """One kind of resource: where it is, what one looks like, and the functions that change it.

    `key` is the list's name in the body; `lists`, `creates` and `updates` are the parameters of these operations.
    Where a function is missing Twilio has no such operation either, unless its method is `unimitated`.
    """

    api: Api
    path: str
    key: str
    part: str = "sid"  # what one resource's name in the path is called
    items: Callable[[Request], Iterable[T]]
    body: Callable[[Request, T], Body]
    names: Callable[[T], Sequence[str]] = lambda item: (item.sid,)  # any of which the path may have
    wanted: Callable[[Request], Callable[[T], bool]] = lambda _request: lambda _item: True  # a list's filters
    order: Callable[[Request, list[T]], list[T]] = lambda _request, items: items  # of a list
    version: Callable[[T], int] | None = None  # for the ETag and If-Match
    summary: Callable[[Request, T], Body] | None = None  # what a list shows of one, when that is not all
    create: Callable[[Request], T] | None = None
    update: Callable[[Request, T], None] | None = None
    delete: Callable[[Request, T], None] | None = None
    lists: Parameters = NO_PARAMETERS
    creates: Parameters = NO_PARAMETERS
    updates: Parameters = NO_PARAMETERS
    fetches: Parameters = NO_PARAMETERS
    unimitated: frozenset[str] = frozenset()  # POST of the collection, DELETE of one

    def routes(self) -> tuple[Route, Route]:
        listing = replace(self.lists, takes=self.lists.takes | set(pages.PARAMETERS.split()))
        many: dict[str, Operation | None] = {"GET": Operation(self._list, listing)}
        one: dict[str, Operation | None] = {"GET": Operation(self._fetch, self.fetches)}
        many |= dict.fromkeys(self.unimitated & {"POST"})
        one |= dict.fromkeys(self.unimitated & {"DELETE"})
        if self.create is not None:
            many["POST"] = Operation(partial(self._create, self.create), self.creates)
        if self.update is not None:
            one["POST"] = Operation(partial(self._update, self.update), self.updates)
        if self.delete is not None:
            one["DELETE"] = Operation(partial(self._delete, self.delete))
        return Route(self.path + self.api.suffix, many), Route(f"{self.path}/{{{self.part}}}{self.api.suffix}", one)

    def _find(self, request: Request) -> T:
        """TwilioError 20404 when there is none with the name in the path."""
        wanted = request.parts[self.part]
        found = next((item for item in self.items(request) if wanted in self.names(item)), None)
        if found is None:
            raise not_found(request)
        return found

    def _answer(self, request: Request, item: T, status: int = 200) -> RestAnswer:
        headers = {} if self.version is None else {"ETag": etag(self.version(item))}
        return RestAnswer(status, self.body(request, item), headers)

    def _list(self, request: Request) -> RestAnswer:
        show, wanted = self.summary or self.body, self.wanted(request)
        found = self.order(request, [item for item in self.items(request) if wanted(item)])
        return self.api.page(request, self.key, [show(request, item) for item in found])

    def _create(self, create: Callable[[Request], T], request: Request) -> RestAnswer:
        return self._answer(request, create(request), 201)

    def _fetch(self, request: Request) -> RestAnswer:
        return self._answer(request, self._find(request))

    def _update(self, update: Callable[[Request, T], None], request: Request) -> RestAnswer:
        item = self._find_unchanged(request)
        update(request, item)
        return self._answer(request, item)

    def _delete(self, delete: Callable[[Request, T], None], request: Request) -> RestAnswer:
        delete(request, self._find_unchanged(request))
        return NO_CONTENT

    def _find_unchanged(self, request: Request) -> T:
        """TwilioError 20412 when the request wants another version of it."""
        item = self._find(request)
        if self.version is not None:
            check_version(request, self.version(item))
        return item
