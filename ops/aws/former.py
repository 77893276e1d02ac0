"""Where a stage's numbers led before the stage took them over: a parameter of SSM for each, which every operator finds.

It is encrypted as the secret is: a URL may hold a password.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec

from ops.aws import client
from ops.errors import AwsError


class Former(msgspec.Struct, frozen=True):
    """`fields` are how the number led, by Twilio's names; `given` the voice_url that it got in their place."""

    number: str
    fields: dict[str, str]
    given: str
    at: datetime


class FormerNumbers:
    """Those of one stage. Each method raises AwsError."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    @cached_property
    def _ssm(self) -> Any:
        return client.client("ssm")

    def get(self, number: str) -> Former | None:
        ssm, name = self._ssm, self._name(number)
        with client.plain(f"read the parameter {name}"):
            try:
                return _decoded(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"])
            except ssm.exceptions.ParameterNotFound:
                return None

    def all(self) -> tuple[Former, ...]:
        """In the order of the numbers."""
        with client.plain(f"read the parameters {self._folder}"):
            pages = self._ssm.get_paginator("get_parameters_by_path")
            found = [it for page in pages.paginate(Path=self._folder, WithDecryption=True) for it in page["Parameters"]]
        return tuple(sorted(map(_decoded, found), key=lambda former: former.number))

    def keep(self, number: str, fields: dict[str, str], given: str) -> None:
        """In place of what was kept before of this number; SSM has that in the parameter's history."""
        former = Former(number, fields, given, datetime.now(UTC))
        ssm, name, value = self._ssm, self._name(number), msgspec.json.encode(former).decode()
        tags = [{"Key": "application", "Value": "cordboard"}, {"Key": "stage", "Value": self._stage}]
        with client.plain(f"write the parameter {name}"):
            try:
                ssm.put_parameter(Name=name, Type="SecureString", Value=value, Tags=tags)
            except ssm.exceptions.ParameterAlreadyExists:  # with tags none is overwritten
                ssm.put_parameter(Name=name, Type="SecureString", Value=value, Overwrite=True)

    def forget(self, number: str) -> None:
        """Also when nothing is kept."""
        ssm, name = self._ssm, self._name(number)
        with client.plain(f"delete the parameter {name}"):
            try:
                ssm.delete_parameter(Name=name)
            except ssm.exceptions.ParameterNotFound:
                return

    @property
    def _folder(self) -> str:
        return f"/cordboard/{self._stage}/numbers"

    def _name(self, number: str) -> str:
        return f"{self._folder}/{number.removeprefix('+')}"


def _decoded(parameter: dict[str, Any]) -> Former:
    try:
        return msgspec.json.decode(parameter["Value"], type=Former)
    except msgspec.DecodeError as error:
        raise AwsError(f"the parameter {parameter['Name']} is not what was kept of a number: {error}") from None
