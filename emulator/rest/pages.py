"""The pages of lists, as Twilio's two generations of APIs have them."""

from collections.abc import Sequence
from urllib.parse import urlencode

from emulator.rest.fields import number
from emulator.rest.framework import Body, Request, RestAnswer

PAGE_SIZE, LARGEST_PAGE = 50, 1000
PARAMETERS = "PageSize Page PageToken"


def _size(request: Request) -> int:
    return min(number(request, "PageSize") or PAGE_SIZE, LARGEST_PAGE)


def _query(request: Request, size: int) -> str:
    """The list's filters go on in the URL of the next page."""
    filters = [(name, values) for name, values in request.fields.items() if not name.startswith("Page")]
    return urlencode([*filters, ("PageSize", [str(size)])], doseq=True)


def numbered_page(request: Request, key: str, items: Sequence[Body]) -> RestAnswer:
    """One page of a list of the API of 2010; the next one is asked for with `Page`."""
    size, page = _size(request), number(request, "Page") or 0
    base = f"{request.path}?{_query(request, size)}"
    start = page * size
    shown = list(items[start : start + size])

    def uri(page_number: int) -> str:
        return f"{base}&Page={page_number}"

    body: Body = {
        key: shown,
        "page": page,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if start + size < len(items) else None,
    }
    return RestAnswer(200, body)


def page_by_token(request: Request, key: str, items: Sequence[Body]) -> RestAnswer:
    """One page of a list of TaskRouter's; the next one is asked for with `PageToken` (contract 7.5)."""
    size = _size(request)
    token = request.text("PageToken").removeprefix("PT")
    page = int(token) if token.isdecimal() else 0
    following = (page + 1) * size
    base = f"https://taskrouter.twilio.com{request.path}?{_query(request, size)}"

    def url(page_number: int) -> str:
        return f"{base}&Page={page_number}&PageToken=PT{page_number}"

    meta: Body = {
        "page": page,
        "page_size": size,
        "first_page_url": f"{base}&Page=0",
        "previous_page_url": url(page - 1) if page else None,
        "url": url(page),
        "next_page_url": url(page + 1) if len(items) > following else None,
        "key": key,
    }
    return RestAnswer(200, {key: list(items[page * size : following]), "meta": meta})
