"""Twilio's official client against the emulator: in virtual time, or over HTTP."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from twilio.http.response import Response
from twilio.rest import Client

from emulator.rest.faults import ConnectionBroken
from emulator.twilio import Twilio
from tests.emulator.harness import ACCOUNT, TOKEN, Harness

Fields = Mapping[str, Any] | None


def as_form(data: Fields) -> dict[str, list[str]]:
    given = {name: value for name, value in (data or {}).items() if value is not None}
    return {name: [str(v) for v in value] if isinstance(value, list) else [str(value)] for name, value in given.items()}


class InProcess:
    """The official client's requests, answered in virtual time."""

    def __init__(self, twilio: Twilio) -> None:
        self.twilio = twilio

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Fields = None,
        data: Fields = None,
        headers: Fields = None,
        auth: Any = None,
        **_more: object,
    ) -> Response:
        authorization = requests.auth._basic_auth_str(*auth)
        if params:
            url += "?" + urlencode(as_form(params), doseq=True)
        try:
            answer = self.twilio.rest(method, url, as_form(data), authorization, headers or {})
        except ConnectionBroken as broken:
            raise requests.ConnectionError("the emulator broke the connection") from broken
        text = "" if answer.status == 204 else json.dumps(answer.body)
        return Response(answer.status, text, dict(answer.headers))


class OverHttp:
    """The official client's requests, sent to the emulator's server instead of Twilio's."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Fields = None,
        data: Fields = None,
        headers: Fields = None,
        auth: Any = None,
        **_more: object,
    ) -> Response:
        here = self.server_url + urlsplit(url).path
        answer = requests.request(
            method, here, params=params, data=data, headers=dict(headers or {}), auth=auth, timeout=10
        )
        return Response(answer.status_code, answer.text, dict(answer.headers))


def client_of(harness: Harness) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=InProcess(harness.twilio))
