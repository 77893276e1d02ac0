"""Is everything there in AWS, configured as the stage says, and does it do its work?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.config import capacity
from chalicelib.config.environment import AFTER_CALL
from chalicelib.storage.bucket import EXPIRES
from ops import lambda_functions
from ops.aws import api, client, concurrency, stack, topic
from ops.callcenter import check
from ops.doctor.check import Finding, StageUnderTest, fail, ok, warn
from ops.errors import StageError
from ops.program import command

PUBLIC_ACCESS_BLOCKS = 4  # ACLs and policies, each those of now and those to come
LATE_SECONDS = 300  # the sweep looks each minute: what is due for longer was not looked at


def secret(stage: StageUnderTest) -> Iterator[Finding]:
    name = stage.environment.get("TWILIO_SECRET_PARAMETER", "")
    fix = command("secret set --stage", stage.name)
    try:
        tokens = len(stage.secret.auth_tokens)
    except ClientError as error:
        yield fail("secret", f"the parameter {name} cannot be read: {client.code(error)}", fix)
    except StageError as error:
        yield fail("secret", str(error), "set it there, as the other stages have it")
    else:
        yield ok("secret", f"{name} holds {tokens} auth token{'s' if tokens > 1 else ''}")


def configuration(stage: StageUnderTest) -> Iterator[Finding]:
    """`.chalice/config.json` has memory, time and policy of each function; nothing is said where it has."""
    for mistake in lambda_functions.mistakes(stage.name, stage.project.root):
        what, _, lines = mistake.partition(": add ")
        yield fail("configuration", what, f"add {lines}" if lines else "a file as another stage has it")


def functions(stage: StageUnderTest) -> Iterator[Finding]:
    """Each function is there and runs with the stage's configuration.

    With which sids it was packaged, the webhooks show: one that knows another workflow refuses what is ours.
    """
    fix = f"chalice deploy --stage {stage.name}"
    for name in stage.functions.values():
        try:
            found = stage.aws("lambda").get_function_configuration(FunctionName=name)
        except ClientError as error:
            yield fail(f"function {name}", f"it is not there: {client.code(error)}", fix)
            continue
        runs_with = found.get("Environment", {}).get("Variables", {})
        wrong = [key for key, value in stage.variables.items() if runs_with.get(key) != value]
        if wrong:
            why = f"it runs with another {', '.join(sorted(wrong))} than .chalice/config.json has"
            yield fail(f"function {name}", why, fix)
        else:
            yield ok(f"function {name}", "is there, and runs with the stage's configuration")


def permissions(stage: StageUnderTest) -> Iterator[Finding]:
    """Each role allows what its policy file says, and no more."""
    for policy, name in stage.functions.items():
        try:
            role = stage.aws("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
            granted = _granted(stage.aws("iam"), role)
        except ClientError as error:
            yield fail(
                f"role of {name}", f"cannot be read: {client.code(error)}", f"chalice deploy --stage {stage.name}"
            )
            continue
        file = stage.project.root / ".chalice" / "policies" / f"{stage.name}-{policy}.json"
        wanted = json.loads(file.read_text(encoding="utf-8"))["Statement"]
        if sorted(map(_canonical, granted)) == sorted(map(_canonical, wanted)):
            yield ok(f"role of {name}", f"allows what {file.name} says and no more")
        else:
            why = f"does not allow exactly what {file.name} says"
            yield fail(f"role of {name}", why, f"chalice deploy --stage {stage.name}")


def _granted(iam: Any, role: str) -> list[Any]:
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    return [statement for document in documents for statement in document["Statement"]]


def _canonical(statement: Any) -> str:
    return json.dumps(statement, sort_keys=True)


def recordings(stage: StageUnderTest) -> Iterator[Finding]:
    """Where talks are recorded and kept, the bucket deletes those that are to go, and none that somebody holds."""
    center, fix = stage.center.application, f"./cordboard deploy --stage {stage.name}"
    if not (center.records and center.messages.are_in_bucket):
        return
    bucket = stage.environment.get("MESSAGES_BUCKET", "")
    if not bucket:
        yield fail("bucket of recordings", "MESSAGES_BUCKET is not set: they stay at Twilio", fix)
        return
    try:
        rules = stage.aws("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        yield fail("bucket of recordings", f"{bucket} cannot be read: {client.code(error)}", fix)
        return
    of_talks = [rule.get("Filter", {}) for rule in rules if not _spares_talks(rule)]
    if of_talks and all(_asks_for_tag(found) for found in of_talks):
        yield ok("bucket of recordings", f"{bucket} keeps what is held, and forgets the rest")
    else:
        why = "deletes recordings that are held, too" if of_talks else "has no rule that forgets recordings"
        yield fail("bucket of recordings", f"{bucket} {why}", fix)


def _spares_talks(rule: Mapping[str, Any]) -> bool:
    """Whether no recorded talk is under this rule of the bucket."""
    given = rule.get("Filter", {})
    prefix = str(given.get("And", given).get("Prefix", rule.get("Prefix", "")))
    is_other = not (prefix.startswith("recordings/") or "recordings/".startswith(prefix))
    return is_other or rule.get("Status") != "Enabled" or "Expiration" not in rule


def _asks_for_tag(given: Mapping[str, Any]) -> bool:
    """Whether the rule is for objects alone that may expire."""
    key, _, value = EXPIRES.partition("=")
    return {"Key": key, "Value": value} in [*given.get("And", {}).get("Tags", []), given.get("Tag")]


def triggers(stage: StageUnderTest) -> Iterator[Finding]:
    """Each queue leads to its consumer, with as many at once as the files say, and the sweep runs each minute."""
    fix, sweep = f"chalice deploy --stage {stage.name}", stage.functions["sweep"]
    at_once = capacity.allowed(stage.center.application, stage.environment)
    of_queues = (
        ("jobs queue", "jobs_consumer", stage.environment["JOBS_QUEUE"], at_once.rings),
        ("after-call queue", "after_call", stage.environment["JOBS_QUEUE"] + AFTER_CALL, at_once.after_call),
    )
    for name, policy, queue, most in of_queues:
        function = stage.functions[policy]
        leads = _leads(stage, function, queue)
        if not leads:
            yield fail(name, f"{queue} does not lead to {function}: no job is done", fix)
        elif (found := leads[0].get("ScalingConfig", {}).get("MaximumConcurrency")) != most:
            why = f"{queue} leads to {found or 'any number'} of {function} at once, and should to {most}"
            yield warn(name, why, fix)
        else:
            yield ok(name, f"{queue} leads to {most} of {function} at once")
    arn = stage.aws("lambda").get_function_configuration(FunctionName=sweep)["FunctionArn"]
    rules = stage.aws("events").list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    enabled = [rule for rule in rules if stage.aws("events").describe_rule(Name=rule)["State"] == "ENABLED"]
    if enabled:
        yield ok("schedule", f"the rule {enabled[0]} runs {sweep}")
    else:
        yield fail("schedule", f"no rule runs {sweep}: what is lost is never found", fix)


def _leads(stage: StageUnderTest, function: str, queue: str) -> list[dict[str, Any]]:
    """The triggers by which this queue leads to this function, and that are on."""
    found = stage.aws("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    on = ("Enabled", "Enabling", "Creating", "Updating")
    return [one for one in found if one["EventSourceArn"].endswith(f":{queue}") and one.get("State") in on]


def executions(stage: StageUnderTest) -> Iterator[Finding]:
    """Lambda lets the account have as many executions at once as the expected calls need."""
    center, name = stage.center.application, "executions at once"
    try:
        account = concurrency.of_account()
    except ClientError as error:
        why = f"AWS does not say how many the account has: {client.code(error)}"
        yield warn(name, why, "lambda:GetAccountSettings, as ops/deployer-policy.json has it")
        return
    needed, known = capacity.needed(center), capacity.of_account(stage.environment)
    said = f"AWS gives the account {account}; {check.executions(center)}"
    if account < needed.together:
        ask = 'ask AWS for more: Service Quotas, Lambda, "Concurrent executions" (docs/scale.md)'
        yield warn(name, said, ask)
    elif known < account and capacity.allowed(center, stage.environment) != needed:
        yield warn(name, f"{said}; the functions know of {known}", command("deploy --stage", stage.name))
    else:
        yield ok(name, said)


def throttling(stage: StageUnderTest) -> Iterator[Finding]:
    """The API is limited as the stage says. Nothing is known of one that `chalice deploy` did not make."""
    name, root = stage.name, stage.project.root
    if not api.is_deployed(name, root):
        return
    wanted, actual = api.wanted(stage.environment), api.actual(name, root)
    if actual == wanted:
        yield ok("API", f"takes {wanted}")
    else:
        why = f"takes {actual or 'as many requests as the account may have'}, and should take {wanted}"
        yield warn("API", why, command("deploy --stage", name, "--only functions"))


def tables(stage: StageUnderTest) -> Iterator[Finding]:
    fix = command("deploy --stage", stage.name, "--only resources")
    for name in (stage.environment["LINKS_TABLE"], stage.environment["CONTACTS_TABLE"]):
        try:
            stage.aws("dynamodb").describe_table(TableName=name)
            expires = stage.aws("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        except ClientError as error:
            yield fail(f"table {name}", f"cannot be read: {client.code(error)}", fix)
            continue
        if expires.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
            yield ok(f"table {name}", "is there, and phone numbers in it expire")
        else:
            yield fail(f"table {name}", "phone numbers in it never expire", fix)


def dead_letters(stage: StageUnderTest) -> Iterator[Finding]:
    url = stage.environment["JOBS_QUEUE_URL"] + "-dead"
    name = "ApproximateNumberOfMessages"
    found = stage.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    waiting = int(found[name])
    if waiting:
        yield fail("dead letters", f"{waiting} waiting", "docs/operations.md, Dead letters")
    else:
        yield ok("dead letters", "none")


def mails(stage: StageUnderTest) -> Iterator[Finding]:
    """Somebody hears of alarms, and the functions know it. Nothing is known of a stage without a stack."""
    arn = stack.outputs(stage.name).get("AlarmTopic", "")
    if not arn:
        return
    name, again = arn.rpartition(":")[2], command("deploy --stage", stage.name, "--only resources --only functions")
    if not topic.has_subscribers(arn):
        why = f"nobody is subscribed to {name}: alarms and messages of callers reach nobody"
        yield warn("mails", why, command("deploy --stage", stage.name, "--set AlarmEmail=phones@example.com"))
    elif stage.environment.get("MAIL_TOPIC_ARN") != arn:
        yield warn("mails", f"somebody is subscribed to {name}, and the functions do not know it", again)
    else:
        yield ok("mails", f"somebody is subscribed to {name}")


def bucket(stage: StageUnderTest) -> Iterator[Finding]:
    """Where messages are kept in S3 there is a bucket for them, which nobody else can read."""
    if not stage.center.application.messages.are_in_bucket:
        return
    fix = command("deploy --stage", stage.name, "--only resources --only functions")
    name = stage.environment.get("MESSAGES_BUCKET", "")
    if not name:
        yield fail("bucket", "callcenter.toml keeps messages in S3, and the functions know no bucket", fix)
        return
    try:
        is_closed = _is_closed(stage.aws("s3"), name)
    except ClientError as error:
        yield fail("bucket", f"{name} cannot be reached: {client.code(error)}; messages stay at Twilio", fix)
        return
    if is_closed:
        yield ok("bucket", f"{name} is there, and closed to the public")
    else:
        yield fail("bucket", f"{name} is not closed to the public: block all public access to it", fix)


def _is_closed(s3: Any, name: str) -> bool:
    try:
        blocks = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if client.code(error) == "NoSuchPublicAccessBlockConfiguration":
            return False
        raise
    return len(blocks) == PUBLIC_ACCESS_BLOCKS and all(blocks.values())


def oldest_open_link(stage: StageUnderTest) -> Iterator[Finding]:
    """The index `open` is looked through each minute: what is due for long says that nobody looks."""
    found = stage.aws("dynamodb").query(
        TableName=stage.environment["LINKS_TABLE"],
        IndexName="open",
        KeyConditionExpression="#open = :open",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":open": {"S": "link"}},
        Limit=1,
    )["Items"]
    late = stage.now - float(found[0]["check_at"]["N"]) if found else 0.0
    if late > LATE_SECONDS:
        why = f"the link of {found[0]['call_sid']['S']} was due {late:.0f} s ago: the sweep does not get to it"
        yield fail("open links", why, "docs/operations.md, The sweep")
    else:
        yield ok("open links", "none is due for long")
