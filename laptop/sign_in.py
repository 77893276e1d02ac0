"""Sign-in on the laptop: the local AWS has a user pool with a form, and people who are put in are told no password."""

from chalicelib.twilio import urls
from laptop import package
from laptop.local_aws import LocalAws

SUPERVISOR = "supervisor@example.com"


def open_for(aws: LocalAws, base_url: str) -> None:
    """The form leads back to this application's console and desk, as the stack does not know where that is."""
    pools, pool = aws.client("cognito-idp"), pool_of(aws)
    pages = [route.page(base_url) for route in (urls.CONSOLE, urls.DESK)]
    client = pools.describe_user_pool_client(UserPoolId=pool, ClientId=package.variable(aws, "CONSOLE_CLIENT"))
    known = ("ClientName", "AllowedOAuthFlows", "AllowedOAuthScopes", "SupportedIdentityProviders", "ExplicitAuthFlows")
    kept = {name: client["UserPoolClient"][name] for name in known}
    pools.update_user_pool_client(
        UserPoolId=pool,
        ClientId=client["UserPoolClient"]["ClientId"],
        AllowedOAuthFlowsUserPoolClient=True,
        CallbackURLs=pages,
        LogoutURLs=pages,
        **kept,
    )


def let_in(aws: LocalAws, mail: str, group: str, password: str) -> None:
    """Somebody who may sign in with this password."""
    pools, pool = aws.client("cognito-idp"), pool_of(aws)
    attributes = [{"Name": "email", "Value": mail}, {"Name": "email_verified", "Value": "true"}]
    pools.admin_create_user(UserPoolId=pool, Username=mail, UserAttributes=attributes, MessageAction="SUPPRESS")
    pools.admin_set_user_password(UserPoolId=pool, Username=mail, Password=password, Permanent=True)
    if group:
        pools.admin_add_user_to_group(UserPoolId=pool, Username=mail, GroupName=group)


def pool_of(aws: LocalAws) -> str:
    """The id of the stack's user pool."""
    return package.variable(aws, "USER_POOL_ARN").rpartition("/")[2]
