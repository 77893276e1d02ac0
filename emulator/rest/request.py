"""What the doors of TaskRouter's REST share: the request, its fields, versions and pages of lists (contract 7.5)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from emulator.ports import TwilioError
from emulator.rest.answer import RestAnswer
from emulator.rest.representations import Representations
from emulator.taskrouter.model import Activity
from emulator.taskrouter.service import TaskRouter
from emulator.taskrouter.workspace import LONGEST_NAME, WorkspaceEngine

Form = Mapping[str, Sequence[str]]
PAGE_SIZE, LARGEST_PAGE = 50, 1000

# Whose names must differ within a workspace: a worker's (contract 7.5) and a task channel's unique name for certain.
# For the other three it is uncertain; what is careful is assumed. The names of workspaces may be equal.
UNIQUE_NAMES = frozenset({"Activities", "TaskQueues", "Workflows"})


class Named(Protocol):
    @property
    def sid(self) -> str: ...

    @property
    def friendly_name(self) -> str: ...


@dataclass(frozen=True)
class Request:
    """One REST request. `fields` are those of the query and the body; `item` and `child` are the sids in the path.

    `workspace` is the sid in the path; `parent` is the collection: Tasks or Workers for a reservation.
    """

    router: TaskRouter
    path: str
    fields: Form
    headers: Mapping[str, str]
    workspace: str = ""
    item: str = ""
    child: str = ""
    parent: str = ""

    @property
    def engine(self) -> WorkspaceEngine:
        """TwilioError 20404 when there is no such workspace."""
        if self.workspace not in self.router.engines:
            raise not_found(self)
        return self.router.engines[self.workspace]

    @property
    def representations(self) -> Representations:
        return Representations(self.engine.workspace)

    def text(self, name: str) -> str:
        """The field's last value, empty when it was not sent."""
        values = self.fields.get(name, ())
        return values[-1] if values else ""

    def gives(self, name: str) -> bool:
        return name in self.fields

    def flag(self, name: str) -> bool:
        """Twilio takes `true`, `1` and `yes` for true and everything else for false."""
        return self.text(name).lower() in {"true", "1", "yes"}


def not_found(request: Request) -> TwilioError:
    return TwilioError(20404, f"The requested resource {request.path} was not found", 404)


def required(request: Request, name: str) -> str:
    """TwilioError 20001 when the field was not sent or is empty."""
    if not request.text(name):
        raise TwilioError(20001, f"Missing required parameter {name} in the post body")
    return request.text(name)


def changed_name(request: Request, kind: str, others: Iterable[Named], current: str = "") -> str:
    """The FriendlyName for a resource: the one that was sent, or `current`. TwilioError 20001.

    `others` are the resources of that `kind` (the collection's name in the path).
    """
    name = request.text("FriendlyName") if current else required(request, "FriendlyName")
    if not name or name == current:
        return current
    if kind not in {"TaskQueues", "Workflows"} and len(name) > LONGEST_NAME:
        raise TwilioError(20001, f"FriendlyName is longer than {LONGEST_NAME} characters: {name}")
    if kind in UNIQUE_NAMES and any(other.friendly_name == name for other in others):
        raise TwilioError(20001, f"{kind} of workspace {request.workspace} have one with FriendlyName {name} already")
    return name


def changed_url(request: Request, name: str, current: str = "") -> str:
    """The URL that the field brings, `current` when it was not sent; an empty one takes it away. TwilioError 20001."""
    if not request.gives(name):
        return current
    url = request.text(name)
    if url and not re.match(r"https?://[^/\s]+", url):
        raise TwilioError(20001, f"{name} is not a valid URL: {url}")
    return url


def one_of(request: Request, name: str, allowed: Sequence[str], current: str) -> str:
    """TwilioError 20001 when the field brings a value that is not `allowed`."""
    value = request.text(name) or current
    if value not in allowed:
        raise TwilioError(20001, f"{name} must be one of {', '.join(allowed)}, not {value}")
    return value


def number(request: Request, name: str) -> int | None:
    text = request.text(name)
    if text and not text.isdigit():
        raise TwilioError(20001, f"{name} is no number: {text}")
    return int(text) if text else None


def named_activity(request: Request, field: str) -> Activity | None:
    """The activity whose sid the field holds, None when it was not sent. TwilioError 20001."""
    if not request.text(field):
        return None
    return request.engine.workspace.activity(request.text(field))


def check_version(request: Request, version: int) -> None:
    """An If-Match that does not match is refused; clients send the ETag with or without its quotes.

    Which code the error document has is uncertain.
    """
    wanted = request.headers.get("if-match", "").strip()
    if wanted and wanted != "*" and wanted.removeprefix("W/").strip('"') != str(version):
        raise TwilioError(20412, "The resource was changed: If-Match does not match its ETag", 412)


def page(request: Request, key: str, items: Sequence[dict[str, object]]) -> RestAnswer:
    """One page of a list; the next one is asked for with `PageToken` (contract 7.5). Filters go on in its URL."""
    size = min(number(request, "PageSize") or PAGE_SIZE, LARGEST_PAGE)
    token = request.text("PageToken").removeprefix("PT")
    current = int(token) if token.isdigit() else 0
    following = (current + 1) * size
    filters = [(name, values) for name, values in request.fields.items() if not name.startswith("Page")]
    query = urlencode([*filters, ("PageSize", [str(size)])], doseq=True)
    base = f"https://taskrouter.twilio.com{request.path}?{query}"

    def url(page_number: int) -> str:
        return f"{base}&Page={page_number}&PageToken=PT{page_number}"

    meta: dict[str, object] = {
        "page": current,
        "page_size": size,
        "first_page_url": f"{base}&Page=0",
        "previous_page_url": url(current - 1) if current else None,
        "url": url(current),
        "next_page_url": url(current + 1) if len(items) > following else None,
        "key": key,
    }
    return RestAnswer(200, {key: list(items[current * size : following]), "meta": meta})


def called(request: Request, name: str) -> bool:
    """Whether a list's filter by FriendlyName lets the name through."""
    return not request.gives("FriendlyName") or request.text("FriendlyName") == name
