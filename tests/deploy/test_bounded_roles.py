"""Roles that an administrator has made, with a permissions boundary: who deploys can give them no more than it has."""

import json
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from laptop import local_aws
from laptop.deployable import CHALICE, STAGE
from laptop.local_aws import LocalAws
from ops import stage
from ops.aws import client
from ops.stage import ROOT
from tests.deploy.conftest import Project
from tests.deploy.test_ops_deploy import OTHER_NAMES

BOUNDARY = "deploy-cordboard-boundary"
ROLES = {
    "cordboard-dev-api_handler": "api",
    "cordboard-dev-jobs_consumer": "jobs_consumer",
    "cordboard-dev-after_call": "after_call",
    "cordboard-dev-sweep": "sweep",
}


def document(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / "ops" / name).read_text(encoding="utf-8"))
    return read


def statements(policy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Action and resource of each permission."""
    for statement in policy["Statement"]:
        actions, resources = (
            [it] if isinstance(it, str) else it for it in (statement["Action"], statement["Resource"])
        )
        yield from ((action, resource) for action in actions for resource in resources)


def without_making_roles() -> str:
    """The deployer's policy as it is for whoever finds the roles there."""
    policy = document("deployer-policy.json")
    policy["Statement"] = [it for it in policy["Statement"] if it["Sid"] != "MakeTheRoles"] + OTHER_NAMES
    return json.dumps(policy)


@pytest.fixture(scope="module")
def deployed(project: Project, local: LocalAws) -> dict[str, str]:
    """A stage that was deployed so; the environment of its deployer."""
    iam = local.client("iam")
    arn = iam.create_policy(PolicyName=BOUNDARY, PolicyDocument=json.dumps(document("boundary-policy.json")))["Policy"][
        "Arn"
    ]
    trust = json.dumps(document("function-trust.json"))
    for role in ROLES:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    iam.create_user(UserName="bounded")
    iam.put_user_policy(UserName="bounded", PolicyName="deploy", PolicyDocument=without_making_roles())
    key = iam.create_access_key(UserName="bounded")["AccessKey"]
    project.proxy.secret_keys[key["AccessKeyId"]] = key["SecretAccessKey"]
    queue, *_ = (
        local.client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "25"})
        for name in ("cordboard-dev-jobs", "cordboard-dev-jobs-after-call")
    )
    stage.write(STAGE, {"JOBS_QUEUE_URL": queue["QueueUrl"]}, project.root)
    mine = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    known = {**project.environment, **mine}
    command = [sys.executable, "-c", CHALICE, "deploy", "--stage", STAGE]
    done = subprocess.run(command, cwd=project.root, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return mine


def test_the_functions_have_these_roles_with_our_policies_and_the_boundary(
    deployed: dict[str, str], local: LocalAws
) -> None:
    assert deployed
    functions, iam = local.client("lambda").list_functions()["Functions"], local.client("iam")
    assert {it["Role"].rpartition("/")[2] for it in functions} == set(ROLES)
    for role, name in ROLES.items():
        assert iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(BOUNDARY)
        (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        ours = (ROOT / ".chalice" / "policies" / f"dev-{name}.json").read_text(encoding="utf-8")
        assert iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"] == json.loads(ours)


def test_who_deploys_makes_no_other_role_and_takes_no_boundary_away(
    deployed: dict[str, str], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**local_aws.CREDENTIALS, **deployed, "AWS_ENDPOINT_URL": project.proxy.url}.items():
        monkeypatch.setenv(name, value)
    iam = client.client("iam")
    with pytest.raises(ClientError, match="not authorized"):
        iam.create_role(RoleName="cordboard-mine", AssumeRolePolicyDocument=json.dumps(document("function-trust.json")))
    with pytest.raises(ClientError, match="not authorized"):
        iam.delete_role_permissions_boundary(RoleName="cordboard-dev-sweep")


def test_the_boundary_has_all_that_the_functions_need_and_no_action_more() -> None:
    bounds = list(statements(document("boundary-policy.json")))
    files = sorted(Path(ROOT, ".chalice", "policies").glob("*.json"))
    assert len(files) == 12
    of_aws = [file for file in files if not file.name.startswith("local-")]  # the laptop's are held against nothing
    needed = {one for file in of_aws for one in statements(json.loads(file.read_text(encoding="utf-8")))}
    outside = [
        one for one in needed if not any(one[0] == action and fnmatchcase(one[1], arn) for action, arn in bounds)
    ]
    assert outside == []
    assert {action for action, _ in bounds} == {action for action, _ in needed}
