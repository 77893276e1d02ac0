"""What every resource of REST shares: the request, the answer, the routes, and the parameters that a route takes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote, unquote

from emulator.messaging.service import Messaging
from emulator.ports import TwilioError
from emulator.rest.credentials import Account
from emulator.rest.representations import Representations
from emulator.taskrouter.service import TaskRouter
from emulator.taskrouter.workspace import WorkspaceEngine
from emulator.voice.service import Voice

Form = Mapping[str, Sequence[str]]
Body = dict[str, object]

# Not Twilio's: what Twilio has and this emulator does not imitate. As Twilio's own, it is 20000 and the HTTP status.
NOT_IMITATED = 20501
UNKNOWN_PARAMETER = 20001
# What an answer's headers tell of, beside the timeline: parameters of Twilio's without effect here, and unknown ones.
NOT_IMITATED_HEADER, UNKNOWN_HEADER = "X-Emulator-Not-Imitated", "X-Emulator-Unknown"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Twilio API"'}  # RFC 9110, 11.6.1; the realm's text is uncertain
# Parts of paths that may be a name of the application's own.
FREE_TEXT = frozenset({"room", "participant", "recording"})


@dataclass(frozen=True)
class Media:
    """A body that is no JSON: sound."""

    content_type: str
    content: bytes


@dataclass(frozen=True)
class RestAnswer:
    """`body` is sent as JSON unless there is `media`; an answer with status 204 has none."""

    status: int
    body: Body
    headers: Mapping[str, str] = field(default_factory=dict)
    media: Media | None = None


NO_CONTENT = RestAnswer(204, {})


def refusal(error: TwilioError) -> RestAnswer:
    """Twilio's error document (contract 7.6)."""
    more_info = f"https://www.twilio.com/docs/errors/{error.code}"
    body: Body = {
        "code": error.code,
        "message": error.message,
        "more_info": "docs/emulator.md" if error.code == NOT_IMITATED else more_info,
        "status": error.status,
    }
    return RestAnswer(error.status, body, CHALLENGE if error.status == 401 else {})


def not_imitated(what: str) -> TwilioError:
    """The answer to a request whose outcome here would not be Twilio's."""
    return TwilioError(NOT_IMITATED, f"{what} is not imitated by this emulator", 501)


@dataclass(frozen=True)
class Request:
    """One authenticated request; `user` is the account's sid or an API key's.

    `fields` are those of the query and of the body together; the names of `headers` are in lower case; `parts` are the
    sids in the path, by their names in the route.
    """

    account: Account
    voice: Voice
    router: TaskRouter
    method: str
    path: str
    fields: Form
    headers: Mapping[str, str]
    user: str
    messaging: Messaging
    parts: Mapping[str, str] = field(default_factory=dict)
    template: str = ""  # the path with the names of its parts in place of the sids

    @property
    def engine(self) -> WorkspaceEngine:
        """The workspace in the path. TwilioError 20404 when there is none."""
        if self.parts["workspace"] not in self.router.engines:
            raise not_found(self)
        return self.router.engines[self.parts["workspace"]]

    @property
    def representations(self) -> Representations:
        return Representations(self.engine.workspace)

    def text(self, name: str, default: str = "") -> str:
        """The field's last value, `default` when it was not sent."""
        values = self.fields.get(name, ())
        return values[-1] if values else default

    def gives(self, name: str) -> bool:
        return name in self.fields

    def flag(self, name: str) -> bool:
        """Twilio takes `true`, `1` and `yes` for true and everything else for false."""
        return self.text(name).lower() in {"true", "1", "yes"}

    def now(self) -> float:
        return self.router.scheduler.now()


def not_found(request: Request) -> TwilioError:
    return TwilioError(20404, f"The requested resource {request.path} was not found", 404)


@dataclass(frozen=True)
class Parameters:
    """Those that Twilio has for one operation: imitated, refused, and ignored because they change no call here.

    One that is refused or ignored may be sent empty or with its default.
    """

    takes: frozenset[str] = frozenset()
    refuses: Mapping[str, str] = field(default_factory=dict)  # with the default, which may be empty
    ignores: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> frozenset[str]:
        return self.takes | self.refuses.keys() | self.ignores.keys()

    def check(self, request: Request) -> dict[str, str]:
        """The headers that tell of what is ignored; the timeline is told once per run.

        TwilioError 20501 for what is refused, 20001 for what Twilio does not have, unless that is ignored
        (contract 12).
        """
        given = {name: request.text(name) for name in request.fields if name not in self.takes}
        self._refuse(request, given)
        ignored = [
            name for name, value in given.items() if name in self.ignores and not self._says_nothing(name, value)
        ]
        unknown = [name for name in given if name not in self.known]
        scheduler, where = request.router.scheduler, f"{request.method} {request.template}"
        for name in ignored:
            scheduler.not_imitated(f"{name} of {where}", "")
        for name in unknown:
            scheduler.warn_once(UNKNOWN_PARAMETER, f"{name} is no parameter of {where}: it is ignored", "")
        told = {NOT_IMITATED_HEADER: ignored, UNKNOWN_HEADER: unknown}
        return {header: quote(", ".join(names), safe=", <>") for header, names in told.items() if names}

    def _refuse(self, request: Request, given: Mapping[str, str]) -> None:
        for name, value in given.items():
            if name in self.refuses and not self._says_nothing(name, value):
                raise not_imitated(f"{name}={value}")
            if name not in self.known and request.voice.context.worlds["unknown_parameter"] == "refused":
                raise TwilioError(UNKNOWN_PARAMETER, f"{name} is no parameter of {request.method} {request.template}")

    def _says_nothing(self, name: str, value: str) -> bool:
        """Empty, or Twilio's default."""
        return value.lower() in {"", {**self.refuses, **self.ignores}[name].lower()}


NO_PARAMETERS = Parameters()


def parameters(takes: str = "", *, refuses: str = "", ignores: str = "") -> Parameters:
    """Names separated by blanks; a default stands behind its name: `Record=false`."""
    return Parameters(frozenset(takes.split()), _with_defaults(refuses), _with_defaults(ignores))


def _with_defaults(words: str) -> Mapping[str, str]:
    return {name: default for name, _, default in (word.partition("=") for word in words.split())}


@dataclass(frozen=True)
class Operation:
    """What one method of a path does; `takes_json` when its body is documented as JSON."""

    handler: Callable[[Request], RestAnswer]
    parameters: Parameters = NO_PARAMETERS
    takes_json: bool = False

    def __call__(self, request: Request) -> RestAnswer:
        told = self.parameters.check(request)
        answer = self.handler(request)
        return replace(answer, headers={**answer.headers, **told})


def _part(found: re.Match[str]) -> str:
    name = found.group(1)
    return rf"(?P<{name}>[^/]+?)" if name in FREE_TEXT else rf"(?P<{name}>\w+)"


@dataclass(frozen=True)
class Route:
    """A path with its sids as `{name}`, and its methods. None: Twilio has the method, the emulator does not."""

    template: str
    methods: Mapping[str, Operation | None]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{(\w+)\\\}", _part, re.escape(self.template)))

    def answer(self, request: Request) -> RestAnswer:
        """TwilioError 20004 for a method that Twilio has not either, 20501 for one that only Twilio has."""
        if request.method not in self.methods:
            raise TwilioError(20004, f"Method {request.method} is not allowed", 405)
        operation = self.methods[request.method]
        if operation is None:
            raise not_imitated(f"{request.method} {request.path}")
        _check_owner(request)
        return operation(replace(request, template=self.template))


def _check_owner(request: Request) -> None:
    """TwilioError 20404 for another account, and for a workspace that is not there."""
    if request.parts.get("account", request.account.sid) != request.account.sid:
        raise not_found(request)
    if "workspace" in request.parts and request.parts["workspace"] not in request.router.engines:
        raise not_found(request)


def dispatch(routes: Sequence[Route], request: Request) -> RestAnswer:
    """What the first route that fits answers. TwilioError for every refusal, 20404 when no route fits."""
    for route in routes:
        found = route.pattern.fullmatch(request.path)
        if found is not None:
            parts = {name: unquote(part) for name, part in found.groupdict().items()}
            return route.answer(replace(request, parts=parts))
    raise not_found(request)
