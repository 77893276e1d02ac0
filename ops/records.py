"""The calls that the table has, found by day, by caller and by worker. Reads are paged, and end with what is wanted."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple

import msgspec

from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import reading, talks
from chalicelib.links.attributes import decode, encode
from chalicelib.links.model import CALL_ITEM, RECORDING_GRACE_SECONDS, Call, CallRecord, Key, Link, Talk
from ops.aws import client

PAGE = 500
NO_NAMES: Mapping[str, str] = {}
AT_ONCE = 8  # queries; the client has ten connections


class Condition(NamedTuple):
    """What a call has to fulfil, as DynamoDB says it: what does not is read, and left out there."""

    expression: str = ""
    names: Mapping[str, str] = {}
    values: Mapping[str, object] = {}


ANY = Condition()
WITH_VOICEMAIL = Condition("attribute_exists(#voicemail)", {"#voicemail": "voicemail_url"})


def of_caller(number: str) -> Condition:
    return Condition("#caller = :caller", {"#caller": "caller"}, {":caller": number})


def of_line(line: str) -> Condition:
    return Condition("#line = :line", {"#line": "line"}, {":line": line})


class Records:
    """One table of links. Every method raises AwsError."""

    def __init__(self, name: str) -> None:
        self.table = name
        self._dynamodb = client.client("dynamodb")

    def between(self, since: float, until: float, condition: Condition = ANY) -> Iterator[Call]:
        """The calls that began from `since` to `until`, latest first. They are read as far as they are taken."""
        last = day_of(until, UTC)
        for number in range((last - day_of(since, UTC)).days + 1):
            yield from self._of_day(last - timedelta(days=number), since, until, condition)

    def _of_day(self, day: date, since: float, until: float, condition: Condition) -> Iterator[Call]:
        key = "#day = :day AND #at BETWEEN :since AND :until"
        values = {":day": day.isoformat(), ":since": since, ":until": until, **condition.values}
        request: dict[str, Any] = {
            "KeyConditionExpression": key,
            "ExpressionAttributeNames": {"#day": "day", "#at": "at", **condition.names},
        }
        request |= {"FilterExpression": condition.expression} if condition.expression else {}
        for row in self._query("by_day", values, request):
            if row["item"] == CALL_ITEM:
                yield msgspec.convert(row, Call)

    def talks_between(self, since: float, until: float) -> Iterator[Talk]:
        """The recorded talks of this time, latest first. They are read as far as they are taken."""
        last, key = day_of(until, UTC), "#day = :day AND #at BETWEEN :since AND :until"
        names = {"#day": "day", "#at": "at"}
        for number in range((last - day_of(since, UTC)).days + 1):
            day = talks.day_of(began(last, UTC) - number * DAY_SECONDS)
            request = {"KeyConditionExpression": key, "ExpressionAttributeNames": names}
            for row in self._query("by_day", {":day": day, ":since": since, ":until": until}, request):
                yield msgspec.convert(row, Talk)

    def links_of(self, worker_sid: str, since: float, until: float) -> Iterator[Link]:
        """The worker's reservations of this time, latest first. Each is read when it is taken."""
        for key in self.reservations_of(worker_sid, since, until):
            with client.plain(f"read the table {self.table}"):
                link = reading.find_link(key, self.table)
            if link:
                yield link

    def reservations_of(self, worker_sid: str, since: float, until: float) -> Iterator[Key]:
        """Of which calls they are, and their sids."""
        key = "worker_sid = :worker AND reserved_at BETWEEN :since AND :until"
        values = {":worker": worker_sid, ":since": since, ":until": until}
        for row in self._query("keys_by_worker", values, {"KeyConditionExpression": key}):
            yield Key(row["call_sid"], row["item"])

    def whole(self, subjects: Sequence[str]) -> list[CallRecord]:
        """All that is known of these calls, in their order."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.one, subjects))

    def one(self, subject: str) -> CallRecord:
        """All that is known of this call."""
        with client.plain(f"read the table {self.table}"):
            return reading.of_call(subject, self.table)

    def mark(self, key: Key, what: Literal["heard", "done"], by: str, now: float) -> bool:
        """Write that the message is heard, or done; the first one counts. Whether it was not written before."""
        names = {"#at": f"{what}_at", "#by": f"{what}_by"}
        condition = "attribute_exists(call_sid) AND attribute_not_exists(#at)"
        return self._update(key, "SET #at = :at, #by = :by", condition, {":at": now, ":by": by}, names)

    def hold(self, talk: Talk, by: str, now: float) -> bool:
        """Nothing deletes it from now on. Whether that could still be; held before is held."""
        condition = (
            "attribute_exists(call_sid) AND attribute_not_exists(ending_at) AND attribute_not_exists(dropped_at)"
        )
        update = "SET held_at = if_not_exists(held_at, :at), held_by = if_not_exists(held_by, :by) REMOVE expires_at"
        return self._update(talk.key, update, condition, {":at": now, ":by": by})

    def release(self, talk: Talk, now: float) -> bool:
        """It is deleted when its time is over, or in a minute if that was before. Whether it was held."""
        ends_at = int(max(talk.ends_at, now))
        values = {":expires": ends_at + RECORDING_GRACE_SECONDS, ":open": "recording", ":check": ends_at}
        update = "SET expires_at = :expires, #open = :open, check_at = :check REMOVE held_at, held_by"
        return self._update(talk.key, update, "attribute_exists(held_at)", values, {"#open": "open"})

    def note_heard(self, talk: Talk, by: str, now: float) -> None:
        """Somebody hears it."""
        values = {":by": by, ":at": now, ":expires": talks.heard_until(now)}
        update = "SET #by = :by, #at = :at, expires_at = :expires"
        self._update(talks.heard_key(talk, now), update, "", values, {"#by": "by", "#at": "at"})

    def _update(
        self, key: Key, update: str, condition: str, values: Mapping[str, object], names: Mapping[str, str] = NO_NAMES
    ) -> bool:
        """Whether the condition held."""
        options: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        options |= {"ExpressionAttributeNames": names} if names else {}
        with client.plain(f"write the table {self.table}"):
            try:
                self._dynamodb.update_item(
                    TableName=self.table,
                    Key=encode({"call_sid": key.subject, "item": key.reservation_sid}),
                    UpdateExpression=update,
                    ExpressionAttributeValues=encode(values),
                    **options,
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _query(self, index: str, values: Mapping[str, object], request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        more: dict[str, Any] = {}
        while True:
            with client.plain(f"read the table {self.table}"):
                page = self._dynamodb.query(
                    TableName=self.table,
                    IndexName=index,
                    ExpressionAttributeValues=encode(values),
                    ScanIndexForward=False,
                    Limit=PAGE,
                    **request,
                    **more,
                )
            yield from map(decode, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            more["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def day_of(at: float, zone: tzinfo) -> date:
    """The day of this moment in this time zone."""
    return datetime.fromtimestamp(at, zone).date()


def began(day: date, zone: tzinfo) -> float:
    """The first moment of this day in this time zone: a day may have 23 or 25 hours."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def span(day: date, zone: tzinfo) -> tuple[float, float]:
    """The first moment and the last second of this day in this time zone."""
    return began(day, zone), began(day + timedelta(days=1), zone) - 1
