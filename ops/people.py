"""Who may sign in to the console: the workers of workers.toml with a mail address, in the stage's user pool."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from chalicelib.console.session import GROUPS, Group
from ops.aws import client
from ops.callcenter.files import Center


class Step(NamedTuple):
    """One change of the pool: `sign` as in a plan, whose address, what they are then, and what they were."""

    sign: Literal["+", "~", "-"]
    mail: str
    group: Group | None
    before: Group | None = None

    def __str__(self) -> str:
        is_now = f" in {self.group}" if self.group else ""
        was = f", was in {self.before or 'no group'}" if self.sign == "~" else ""
        return f"{self.sign} {self.mail}{is_now}{was}"


def wanted(center: Center) -> Mapping[str, Group]:
    """The addresses of the file, and as what each signs in. Addresses are one whatever their capitals."""
    people = (center.workers or {}).values()
    return {one.mail.casefold(): "supervisors" if one.supervisor else "agents" for one in people if one.mail}


def plan(wanted: Mapping[str, Group], there: Mapping[str, Group | None], prune: bool) -> list[Step]:
    """What makes the pool what the file says; who is not in the file stays, unless `prune`."""
    steps = [Step("+", mail, group) for mail, group in wanted.items() if mail not in there]
    steps += [
        Step("~", mail, wanted[mail], was) for mail, was in there.items() if mail in wanted and was != wanted[mail]
    ]
    return steps + [Step("-", mail, None) for mail in there if prune and mail not in wanted]


class Pool:
    """A user pool, by its ARN. Every method raises AwsError."""

    def __init__(self, arn: str) -> None:
        self._id = arn.rpartition("/")[2]
        self._cognito = client.client("cognito-idp")

    def people(self) -> dict[str, Group | None]:
        """Everybody who may sign in, by their address, and the group of ours that counts for them."""
        with client.plain("read the user pool"):
            pages = self._cognito.get_paginator("list_users").paginate(UserPoolId=self._id)
            found: dict[str, Group | None] = {_mail(user): None for page in pages for user in page["Users"]}
            for group in GROUPS:  # the later one counts more
                members = self._cognito.get_paginator("list_users_in_group")
                for page in members.paginate(UserPoolId=self._id, GroupName=group):
                    found |= {_mail(user): group for user in page["Users"]}
        return found

    def take(self, step: Step) -> None:
        """Make this change. Somebody new is sent a mail with a password that holds for a week, by Cognito."""
        whose = {"UserPoolId": self._id, "Username": step.mail}
        with client.plain(f"change {step.mail} in the user pool"):
            if step.group is None:
                self._cognito.admin_delete_user(**whose)
                return
            if step.sign == "+":
                attributes = [{"Name": "email", "Value": step.mail}, {"Name": "email_verified", "Value": "true"}]
                self._cognito.admin_create_user(**whose, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"])
            for group in GROUPS:
                if group != step.group and step.sign == "~":
                    self._cognito.admin_remove_user_from_group(**whose, GroupName=group)
            self._cognito.admin_add_user_to_group(**whose, GroupName=step.group)


def _mail(user: Mapping[str, Any]) -> str:
    known = {one["Name"]: one["Value"] for one in user["Attributes"]}
    return str(known.get("email", user["Username"])).casefold()
