"""The numbers that callers dial."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.twilio import urls
from ops.callcenter.files import Center
from ops.callcenter.model import Change, Resource, State, Step
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Kind, Missing, Reading

NOT_OURS = "the account has no such number: buy it, or take it out of callcenter.toml"


class Numbers(Kind):
    """A number is bought and released by people alone; apply only says where it leads."""

    name = "number"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        for number in center.numbers():
            yield Resource(self.name, number, _fields(api_url))

    def read(self, reading: Reading) -> Iterator[Resource]:
        for number in reading.center.numbers() if reading.center else ():
            for found in reading.client.incoming_phone_numbers.list(phone_number=number, page_size=PAGE_SIZE):
                if found.phone_number == number:  # the filter takes parts of numbers too
                    fields = {name: getattr(found, name, None) or "" for name in _fields("")}
                    yield Resource(self.name, number, fields, found.sid)

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("impossible", NOT_OURS)

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        execution.client.incoming_phone_numbers(execution.sids[resource.key]).update(**fields)

    def destroy(self, found: State, api_url: str) -> Iterator[Step]:
        """Clears the URLs of this application only: whatever else a number does is somebody else's."""
        for number in found.of(self.name):
            ours = [name for name, value in number.fields.items() if api_url and value.startswith(f"{api_url}/")]
            if ours:
                changes = tuple(Change(name, number.fields[name], "") for name in ours)
                yield Step("update", self.name, number.name, number.sid, changes)


def _fields(api_url: str) -> dict[str, str]:
    """How a number leads to the application. An application sid would win over the URLs (contract 7.5)."""
    return {
        "voice_application_sid": "",
        "voice_url": urls.INCOMING.url(api_url),
        "voice_method": "POST",
        "voice_fallback_url": urls.FALLBACK.url(api_url),
        "voice_fallback_method": "POST",
        "status_callback": "",
    }
