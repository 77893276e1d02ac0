"""The numbers that callers dial."""

from collections.abc import Iterator, Mapping
from typing import Any

from twilio.rest import Client

from ops.callcenter import takeover
from ops.callcenter.files import Center
from ops.callcenter.model import Resource
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Kind, Missing, Reading

NOT_OURS = "the account has no such number: buy it, or take it out of callcenter.toml"


class Numbers(Kind):
    """A number is bought and released by people alone; apply only says where it leads, and keeps where it led."""

    name = "number"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        for number in center.numbers():
            of_staff = number in center.application.staff.numbers
            fields = takeover.wanted_of_staff(api_url) if of_staff else takeover.wanted(api_url)
            yield Resource(self.name, number, fields)

    def read(self, reading: Reading) -> Iterator[Resource]:
        for number in reading.center.numbers() if reading.center else ():
            if found := find_number(reading.client, number):
                yield Resource(self.name, number, fields_of(found), found.sid)

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("impossible", NOT_OURS)

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        """Where it leads is read once more: another apply may have been quicker, and that is not kept."""
        number = execution.client.incoming_phone_numbers(execution.sids[resource.key])
        there = fields_of(number.fetch())
        self._keep(execution, resource, {name: there[name] for name in resource.fields})
        number.update(**fields)

    def _keep(self, execution: Execution, wanted: Resource, there: dict[str, str]) -> None:
        if takeover.leads_nowhere(there) or takeover.is_ours(there, execution.api_url):
            return
        kept = execution.former.get(wanted.name)
        if takeover.is_to_be_kept(there, kept):
            execution.former.keep(wanted.name, there, wanted.fields["voice_url"])
        elif kept and kept.given != wanted.fields["voice_url"]:
            execution.former.keep(wanted.name, kept.fields, wanted.fields["voice_url"])


def find_number(client: Client, number: str) -> Any:
    """The account's number, as Twilio's client has it; None when the account does not have it."""
    found = client.incoming_phone_numbers.list(phone_number=number, page_size=PAGE_SIZE)
    return next((one for one in found if one.phone_number == number), None)  # the filter takes parts of numbers too


def fields_of(found: Any) -> dict[str, str]:
    """Where the number leads, by Twilio's names; empty where there is nothing."""
    return {name: getattr(found, name, None) or "" for name in takeover.NAMES}
