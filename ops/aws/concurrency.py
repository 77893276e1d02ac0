"""How many executions of all functions Lambda lets this account have at the same time."""

from botocore.exceptions import ClientError

from ops.aws import client


def of_account() -> int:
    """The account's concurrent executions in this region. Raises ClientError."""
    limits = client.client("lambda").get_account_settings()["AccountLimit"]
    return int(limits["ConcurrentExecutions"])


def known() -> dict[str, str]:
    """What the functions have to know of it; nothing where whoever is signed in may not ask."""
    try:
        return {"CONCURRENT_EXECUTIONS": str(of_account())}
    except ClientError:
        return {}
