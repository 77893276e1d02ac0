"""What the doors of TaskRouter's REST share: the request, its fields, versions and pages of lists (contract 7.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.ports import TwilioError
from emulator.rest_answer import RestAnswer
from emulator.taskrouter import TaskRouter
from emulator.taskrouter_json import Shapes
from emulator.workspace import Activity

Form = Mapping[str, Sequence[str]]
PAGE_SIZE, LARGEST_PAGE = 50, 1000


@dataclass(frozen=True)
class Request:
    """One REST request. `fields` are those of the query and the body; `item` and `child` are the sids in the path.

    `parent` is Tasks or Workers, in whose path a reservation was asked for.
    """

    router: TaskRouter
    path: str
    fields: Form
    headers: Mapping[str, str]
    item: str = ""
    child: str = ""
    parent: str = ""

    @property
    def shapes(self) -> Shapes:
        return Shapes(self.router.workspace)

    def text(self, name: str) -> str:
        """The field's last value, empty when it was not sent."""
        values = self.fields.get(name, ())
        return values[-1] if values else ""


def not_found(request: Request) -> TwilioError:
    return TwilioError(20404, f"The requested resource {request.path} was not found", 404)


def number(request: Request, name: str) -> int | None:
    text = request.text(name)
    if text and not text.isdigit():
        raise TwilioError(20001, f"{name} is no number: {text}")
    return int(text) if text else None


def named_activity(request: Request, field: str) -> Activity | None:
    """The activity whose sid the field holds, None when it was not sent. TwilioError 20001."""
    if not request.text(field):
        return None
    return request.router.workspace.activity(request.text(field))


def check_version(request: Request, version: int) -> None:
    """An If-Match that does not match is refused; clients send the ETag with or without its quotes.

    Which code the error document has is uncertain.
    """
    wanted = request.headers.get("if-match", "").strip()
    if wanted and wanted != "*" and wanted.removeprefix("W/").strip('"') != str(version):
        raise TwilioError(20412, "The resource was changed: If-Match does not match its ETag", 412)


def page(request: Request, key: str, items: Sequence[dict[str, object]]) -> RestAnswer:
    """One page of a list; the next one is asked for with `PageToken` (contract 7.5)."""
    size = min(number(request, "PageSize") or PAGE_SIZE, LARGEST_PAGE)
    token = request.text("PageToken").removeprefix("PT")
    current = int(token) if token.isdigit() else 0
    following = (current + 1) * size
    base = f"https://taskrouter.twilio.com{request.path}"

    def url(page_number: int) -> str:
        return f"{base}?PageSize={size}&Page={page_number}&PageToken=PT{page_number}"

    meta: dict[str, object] = {
        "page": current,
        "page_size": size,
        "first_page_url": f"{base}?PageSize={size}&Page=0",
        "previous_page_url": url(current - 1) if current else None,
        "url": url(current),
        "next_page_url": url(current + 1) if len(items) > following else None,
        "key": key,
    }
    return RestAnswer(200, {key: list(items[current * size : following]), "meta": meta})
