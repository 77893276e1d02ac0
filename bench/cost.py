"""What AWS charges for a thousand calls, from the requests that one call makes, and for a month without any.

List prices of us-east-1 in US dollars, without free tier, discounts and tax, as they were known in November 2026; hold
them against AWS's own pages before you rely on them. DynamoDB on demand costs this since 1 November 2024. Twilio's own
prices (numbers, minutes, TaskRouter) are not in here: they are the same however the queue is built.
"""

from collections.abc import Mapping

MILLION = 1_000_000

PRICES: Mapping[str, float] = {
    "api_gateway_requests": 3.50 / MILLION,  # REST API, first 333 million a month
    "lambda_requests": 0.20 / MILLION,
    "lambda_gb_seconds_arm64": 0.0000133334,
    "lambda_gb_seconds_x86_64": 0.0000166667,
    "sqs_requests": 0.40 / MILLION,  # standard queue, each 64 KB
    "dynamodb_write_units": 0.625 / MILLION,  # on demand, each 1 KB; twice in a transaction; each index again
    "dynamodb_read_units": 0.125 / MILLION,  # on demand, each 4 KB read consistently
    "log_gigabytes": 0.50,  # CloudWatch Logs, taken in
    "alarms": 0.10,  # a month, of standard resolution
    "dashboards": 3.00,  # a month
    "metrics": 0.30,  # a month, of ours, the first 10,000
    "kms_requests": 0.03 / 10_000,
    "out_gigabytes": 0.09,  # to the Internet, the first 10 TB a month
}

# What AWS gives each account each month for nothing, without an end; what else runs in the account uses it too.
FREE: Mapping[str, float] = {
    "lambda_requests": 1 * MILLION,
    "lambda_gb_seconds_arm64": 400_000,
    "sqs_requests": 1 * MILLION,
    "log_gigabytes": 5,
    "alarms": 10,
    "dashboards": 3,  # of 50 metrics each
    "metrics": 10,
    "kms_requests": 20_000,
}


def cost(counts: Mapping[str, float], calls: int = 1000) -> dict[str, float]:
    """US dollars of each item for `calls` calls, or months, that each need `counts`; KeyError: no price."""
    return {item: PRICES[item] * count * calls for item, count in counts.items()}


def beyond_free(counts: Mapping[str, float]) -> dict[str, float]:
    """What of a month's `counts` is to be paid in an account that has nothing else."""
    return {item: max(0.0, count - FREE.get(item, 0)) for item, count in counts.items()}
