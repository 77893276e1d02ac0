"""Work that is no call: a team's own system orders it, again and again until it is told that the task is made."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import signing
from chalicelib.twilio import urls
from emulator.voice.parties import answers, hangs_up, no_answer, talks
from tests.simulation.call_centre import CallCentre
from tests.simulation.gateway import API_TIMEOUT, Gateway
from tests.simulation.secret import WORK_KEY
from tests.support.api_gateway import event_of

AGAIN_SECONDS = 35.0  # more than an order is leased
MOST_TRIES = 40


@dataclass
class Order:
    """`task_sid` is what the application answered, once it did; `phone` the customer's, of a lead."""

    key: str
    phone: str
    task_sid: str = ""
    tries: int = 0
    kind: str = "lead"

    @property
    def work_key(self) -> str:
        return f"{self.kind}/{self.key}"


class Orders:
    """Every order of a world, by its key."""

    def __init__(self, call_centre: CallCentre, gateway: Gateway, count: int, span: float, chats: int = 0) -> None:
        self.orders = {f"web-{number}": Order(f"web-{number}", f"+1212556{number:04d}") for number in range(count)}
        self._gateway = gateway
        faults = gateway.faults
        for order in self.orders.values():
            is_there = faults.stream("customers").random() < 0.8
            customer = answers(2, [talks(faults.seconds("customer", 1, 20)), hangs_up()]) if is_there else no_answer()
            call_centre.twilio.phone(order.phone).will(customer)
            self._send("orders", order, span)
        for order in (Order(f"chat-{number}", "", kind="chat") for number in range(chats)):
            self.orders[order.key] = order
            self._send("chats", order, span)

    def _send(self, stream: str, order: Order, span: float) -> None:
        """Some are sent twice from the beginning."""
        faults = self._gateway.faults
        for _ in range(faults.stream(stream).choice((1, 1, 2))):
            seconds = faults.seconds("ordering" if stream == "orders" else "chatting", 0, span)
            self._gateway.scheduler.after(seconds, self._sending(order))

    @property
    def to_come(self) -> int:
        """How many have not heard yet that their task is made."""
        return sum(not order.task_sid and order.tries < MOST_TRIES for order in self.orders.values())

    def _sending(self, order: Order) -> Callable[[], None]:
        def send() -> None:
            order.tries += 1
            event = self._event(order)
            app = self._gateway.app
            self._gateway.functions.start(
                urls.WORK.path, (order.key,), lambda: app.app(event, None), API_TIMEOUT, ended
            )

        def ended(result: object) -> None:
            status = result["statusCode"] if isinstance(result, dict) else 502
            if status in (200, 201) and isinstance(result, dict):
                order.task_sid = json.loads(result["body"])["task_sid"]
            self._gateway.scheduler.emit("ordered", key=order.key, status=str(status), task=order.task_sid)
            if not order.task_sid and order.tries < MOST_TRIES:
                self._gateway.scheduler.after(AGAIN_SECONDS, send)

        return send

    def _event(self, order: Order) -> dict[str, object]:
        attributes = {"name": "Ann Lee", "phone": order.phone}
        body = json.dumps({"kind": order.kind, "key": order.key, "attributes": attributes})
        timestamp = str(int(self._gateway.scheduler.now()))
        event = event_of("POST", urls.WORK.path, {})
        event["body"] = body
        event["headers"] |= signing.headers(WORK_KEY, timestamp, body.encode())
        return event
