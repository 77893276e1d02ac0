"""Which worker a task gets, and what becomes of a task that gets none (contract 4.6, 5, 7.5)."""

import random
from collections.abc import Mapping

import pytest

from emulator.ports import TwilioError
from emulator.taskrouter.model import Task
from taskrouter_expressions import parse
from tests.emulator.taskrouter_harness import CallCentre, filters, one_queue


def worker_of(centre: CallCentre, task: Task) -> str:
    return centre.reserved(task).worker.friendly_name


def test_a_task_waits_until_a_worker_becomes_available() -> None:
    centre = CallCentre()
    ada = centre.worker("ada", activity="Offline")
    task = centre.call()
    centre.run(30)
    assert task.open_reservation is None
    centre.router.lifecycle.set_activity(ada, centre.workspace.activity_named("Available"))
    centre.run()
    assert task.status == "reserved"


def test_the_longest_idle_worker_is_first() -> None:
    centre = CallCentre()
    centre.worker("ada")
    centre.run(5)
    centre.worker("bob")
    first = centre.call()
    assert centre.joined(first).worker.friendly_name == "ada"
    centre.run(60)
    centre.complete(first)
    assert worker_of(centre, centre.call()) == "bob"


def test_becoming_available_puts_a_worker_behind_those_who_waited() -> None:
    centre = CallCentre()
    ada = centre.worker("ada", activity="Offline")
    centre.worker("bob")
    centre.run(5)
    centre.router.lifecycle.set_activity(ada, centre.workspace.activity_named("Available"))
    assert worker_of(centre, centre.call()) == "bob"


def test_the_higher_priority_is_served_first_then_the_older_task() -> None:
    centre = CallCentre()
    ordinary = centre.call()
    centre.run(1)
    later = centre.call()
    centre.run(1)
    urgent = centre.call(priority=5)
    centre.worker("ada")
    served = []
    for _ in range(3):
        centre.run(1)
        (task,) = [task for task in (ordinary, later, urgent) if task.status == "reserved"]
        served.append(task)
        centre.joined(task)
        centre.complete(task)
    assert served == [urgent, ordinary, later]


def test_a_pending_reservation_takes_the_workers_capacity() -> None:
    centre = CallCentre()
    centre.worker("ada")
    first, second = centre.call(), centre.call()
    centre.run()
    assert (first.status, second.status) == ("reserved", "pending")


def test_a_worker_with_capacity_for_two_gets_two() -> None:
    centre = CallCentre()
    centre.worker("ada", capacity=2)
    tasks = [centre.call() for _ in range(3)]
    centre.run()
    assert [task.status for task in tasks] == ["reserved", "reserved", "pending"]


def test_a_queue_takes_only_the_workers_its_expression_names() -> None:
    centre = CallCentre()
    german = centre.router.create_task_queue("German", "languages HAS 'de'")
    workflow = centre.add_workflow(one_queue(german.sid))
    centre.worker("ada", languages=["en"])
    centre.worker("bob", languages=["en", "de"])
    assert worker_of(centre, centre.call(workflow)) == "bob"


def test_a_queue_may_ask_for_workers_without_a_call() -> None:
    centre = CallCentre()
    free = centre.router.create_task_queue("Free", "worker.channel.voice.assigned_tasks == 0")
    workflow = centre.add_workflow(one_queue(free.sid))
    centre.worker("ada", capacity=2)
    centre.joined(centre.call(workflow))
    second = centre.call(workflow)
    centre.run()
    assert second.status == "pending"


def test_a_pending_reservation_is_no_assigned_task_but_takes_capacity() -> None:
    """Twilio counts accepted reservations as assigned tasks, and pending ones too in the percentage."""
    centre = CallCentre(expression="worker.channel.voice.assigned_tasks == 0")
    rest = centre.add_workflow(
        one_queue(centre.everybody.sid, expression="worker.channel.voice.available_capacity_percentage > 40")
    )
    centre.worker("ada", capacity=3)
    tasks = [centre.call(), centre.call(), centre.call(rest)]
    centre.run()
    assert [task.status for task in tasks] == ["reserved", "reserved", "pending"]


@pytest.mark.parametrize("field", ["sid", "friendly_name", "activity_sid", "activity_name"])
def test_a_target_sees_what_taskrouter_itself_knows_of_a_worker(field: str) -> None:
    centre = CallCentre(expression=f"worker.{field} == task.wanted")
    ada = centre.worker("ada", activity="Unavailable")
    back = centre.router.create_activity("Back office", available=True)
    bob = centre.router.create_worker("bob", {}, back.sid)
    centre.worker("cyd")
    known = {"sid": bob.sid, "friendly_name": "bob", "activity_sid": back.sid, "activity_name": "Back office"}
    assert worker_of(centre, centre.call(wanted=known[field])) == "bob"
    assert ada.reservations == {}


def test_a_queue_sees_a_workers_activity() -> None:
    centre = CallCentre()
    here = centre.activity("Available")
    queue = centre.router.create_task_queue("Here", f"activity_sid == '{here}' AND activity_name == 'Available'")
    workflow = centre.add_workflow(one_queue(queue.sid))
    centre.worker("ada")
    assert worker_of(centre, centre.call(workflow)) == "ada"


@pytest.mark.parametrize(
    "when",
    [
        "taskrouter.currentTime == 805",
        "taskrouter.currentTime > 0800 AND taskrouter.currentTime < 1830",
        "taskrouter.currentHour > 7 AND taskrouter.currentHour < 9",
        "taskrouter.currentMin == 5",
        "taskrouter.dayOfWeek IN ['Thu', 'Fri']",
    ],
)
@pytest.mark.parametrize("stands_in", ["filter", "target"])
def test_filters_and_targets_know_the_time_of_day_in_utc(when: str, stands_in: str) -> None:
    """It is a Friday, five past eight."""
    centre = CallCentre()
    centre.worker("ada")
    queue = centre.everybody.sid
    early, target = (when, "1==1") if stands_in == "filter" else ("1==1", when)
    workflow = centre.add_workflow(filters({"expression": early, "targets": [{"queue": queue, "expression": target}]}))
    centre.run(300)
    assert worker_of(centre, centre.call(workflow)) == "ada"


def test_a_queue_knows_no_time_of_day() -> None:
    centre = CallCentre()
    early = centre.router.create_task_queue("Early", "taskrouter.currentHour == 8")
    centre.worker("ada")
    task = centre.call(centre.add_workflow(one_queue(early.sid)))
    centre.run()
    assert task.status == "pending"


def test_a_target_compares_the_task_with_the_worker() -> None:
    centre = CallCentre(expression="task.language IN worker.languages")
    centre.worker("ada", languages=["en"])
    centre.worker("bob", languages=["fr"])
    assert worker_of(centre, centre.call(language="fr")) == "bob"


def test_order_by_goes_before_the_longest_idle() -> None:
    centre = CallCentre(order_by="worker.level DESC")
    centre.worker("ada", level=1)
    centre.run(60)
    centre.worker("bob", level=3)
    assert worker_of(centre, centre.call()) == "bob"


@pytest.mark.parametrize("order", ["worker.full_name ASC", "worker.full_name DESC", "worker.full_name, worker.level"])
def test_order_by_something_that_is_no_number_is_ignored(order: str) -> None:
    centre = CallCentre(order_by=order)
    centre.worker("zoe", full_name="Zoe", level=2)
    centre.run(60)
    centre.worker("ana", full_name="Ana", level=1)
    assert worker_of(centre, centre.call()) == "zoe"


def test_whoever_has_nothing_to_order_by_comes_last() -> None:
    centre = CallCentre(order_by="worker.level ASC")
    centre.worker("zoe")
    centre.run(60)
    centre.worker("ana", level=9)
    assert worker_of(centre, centre.call()) == "ana"


SKILLS = ["a", "b"]


@pytest.mark.parametrize(
    "expression", ["skills CONTAINS 'a'", "skills != 'x'", "skills == ['a', 'b']", "city NOT IN 'Bonn'"]
)
def test_an_operator_for_scalars_holds_for_no_list_and_one_for_lists_between_no_scalars(expression: str) -> None:
    """On the side of the workers, and on that of the task."""
    centre = CallCentre()
    queue = centre.router.create_task_queue("Skilled", expression)
    centre.worker("ada", skills=SKILLS, city="Bonn")
    by_queue = centre.call(centre.add_workflow(one_queue(queue.sid)))
    by_filter = filters(
        {"expression": expression, "targets": [{"queue": queue.sid}]},
        {"expression": "1==1", "targets": [{"queue": centre.everybody.sid}]},
    )
    task = centre.call(centre.add_workflow(by_filter), skills=SKILLS, city="Bonn")
    assert task.queue == centre.everybody
    centre.run()
    assert by_queue.status == "pending"


def test_the_first_filter_that_matches_decides() -> None:
    centre = CallCentre()
    vip, rest = (centre.router.create_task_queue(name) for name in ("VIP", "Rest"))
    workflow = centre.add_workflow(
        filters(
            {"expression": "tier == 'gold'", "targets": [{"queue": vip.sid, "priority": 9}]},
            {"expression": "1==1", "targets": [{"queue": rest.sid}]},
        )
    )
    gold, plain = centre.call(workflow, tier="gold"), centre.call(workflow, priority=2)
    assert (gold.queue, gold.priority) == (vip, 9)
    assert (plain.queue, plain.priority) == (rest, 2)


def test_the_default_queue_takes_what_no_filter_matches() -> None:
    centre = CallCentre()
    workflow = centre.add_workflow(filters(default=centre.everybody.sid))
    assert centre.call(workflow).queue == centre.everybody


def test_a_task_that_nothing_matches_is_refused() -> None:
    centre = CallCentre()
    workflow = centre.add_workflow(
        filters({"expression": "tier == 'gold'", "targets": [{"queue": centre.everybody.sid}]})
    )
    with pytest.raises(TwilioError) as raised:
        centre.call(workflow)
    assert raised.value.code == 14222
    assert not centre.workspace.tasks


def test_attributes_that_are_too_long_are_refused() -> None:
    with pytest.raises(TwilioError) as raised:
        CallCentre().call(long="x" * 4096)
    assert raised.value.code == 14221


def test_an_unknown_workflow_is_refused() -> None:
    with pytest.raises(TwilioError) as raised:
        CallCentre().call("WW" + "0" * 32)
    assert raised.value.code == 14220


def two_steps(centre: CallCentre) -> str:
    second = centre.router.create_task_queue("Second", "team == 'second'")
    first = centre.router.create_task_queue("First", "team == 'first'")
    targets = [{"queue": first.sid, "timeout": 10}, {"queue": second.sid, "timeout": 20, "priority": 7}]
    return centre.add_workflow(filters({"expression": "1==1", "targets": targets}, default=first.sid))


def test_a_target_that_times_out_hands_over_to_the_next() -> None:
    centre = CallCentre()
    task = centre.call(two_steps(centre))
    centre.run(9.9)
    assert task.queue.friendly_name == "First"
    centre.run(0.1)
    assert (task.queue.friendly_name, task.priority) == ("Second", 7)
    assert "task-queue.timeout" in centre.events()


def test_unknown_keys_of_a_configuration_are_warned_of() -> None:
    centre = CallCentre()
    queue = centre.everybody.sid
    rule = {"expression": "1==1", "targets": [{"queue": queue}], "colour": "red"}
    default = {"queue": queue, "timeout": 30, "priority": None}
    routing = {"filters": [rule], "default_filter": default, "mode": "fair"}
    workflow = centre.add_workflow({"task_routing": routing, "version": 2})
    assert [warning["message"].split()[0] for warning in centre.trace("warning")] == [
        "version",
        "task_routing.mode",
        "filters.colour",
        "default_filter.timeout",
    ]
    assert set(centre.warnings()) == {"not imitated"}
    assert centre.call(workflow).queue is centre.everybody


def test_timeouts_are_measured_on_the_age_of_the_task() -> None:
    """A reservation that fails at 18 s leaves the second target until 30 s, not 38 s."""
    centre = CallCentre()
    workflow = two_steps(centre)
    centre.worker("ada", team="first")
    task = centre.call(workflow)
    reservation = centre.reserved(task)
    centre.run(18)
    assert task.queue.friendly_name == "First"
    centre.router.lifecycle.reject(reservation, centre.workspace.activity_named("Offline"))
    centre.run()
    assert task.queue.friendly_name == "Second"
    centre.run(11.9)
    assert not centre.voice.canceled
    centre.run(0.1)
    assert task.status == "canceled"


def test_after_the_last_timeout_the_task_is_canceled_and_voice_hears_of_it() -> None:
    centre = CallCentre()
    task = centre.call(two_steps(centre))
    centre.run(30)
    assert task.status == "canceled"
    assert centre.voice.canceled == [task.call_sid]
    assert centre.events()[-2:] == ["workflow.timeout", "task.canceled"]


def test_the_last_timeout_cancels_a_pending_reservation_too() -> None:
    centre = CallCentre(timeout=10)
    centre.worker("ada")
    task = centre.call()
    reservation = centre.reserved(task)
    centre.run(10)
    assert (task.status, reservation.status) == ("canceled", "canceled")


def test_an_accept_that_has_begun_is_not_cut_off_by_the_last_timeout() -> None:
    centre = CallCentre(timeout=10)
    centre.worker("ada")
    task = centre.call()
    reservation = centre.reserved(task)
    centre.workspaces.begin_accept(reservation.sid)
    centre.run(11)
    centre.workspaces.finish_accept(reservation.sid, True)
    centre.run(60)
    assert task.status == "assigned"


def test_without_a_timeout_the_last_target_waits_for_the_time_to_live() -> None:
    centre = CallCentre()
    task = centre.call(timeout=200)
    centre.run(199)
    assert task.status == "pending"
    centre.run(1)
    assert (task.status, task.reason) == ("canceled", "Task TTL Exceeded")
    assert centre.voice.canceled == [task.call_sid]


def skipping(centre: CallCentre, condition: str) -> str:
    first = centre.router.create_task_queue("First", "team == 'first'")
    targets = [
        {"queue": first.sid, "skip_if": condition, "timeout": 10},
        {"queue": centre.everybody.sid, "timeout": 5},
    ]
    return centre.add_workflow(filters({"expression": "1==1", "targets": targets}))


def test_a_target_without_available_workers_is_skipped() -> None:
    centre = CallCentre()
    workflow = skipping(centre, "workers.available == 0")
    centre.worker("ada", team="first", activity="Offline")
    task = centre.call(workflow)
    centre.run()
    assert task.queue == centre.everybody
    centre.run(5)
    assert task.status == "canceled"


def test_skip_if_is_not_looked_at_when_a_worker_is_free_at_once() -> None:
    centre = CallCentre()
    workflow = skipping(centre, "1==1")
    centre.worker("ada", team="first")
    task = centre.call(workflow)
    assert worker_of(centre, task) == "ada"
    assert task.queue.friendly_name == "First"


def test_skip_if_counts_the_workers_of_one_activity() -> None:
    centre = CallCentre()
    workflow = skipping(centre, f"workers.{centre.activity('Offline')} > 0")
    centre.worker("ada", team="first", activity="Offline")
    task = centre.call(workflow)
    centre.run()
    assert task.queue == centre.everybody


def test_a_task_whose_targets_were_all_skipped_goes_to_the_default_queue() -> None:
    centre = CallCentre()
    nobody = centre.router.create_task_queue("Nobody", "1==2")
    skipped = {"queue": nobody.sid, "skip_if": "workers.available == 0"}
    workflow = centre.add_workflow(filters({"expression": "1==1", "targets": [skipped]}, default=centre.everybody.sid))
    task = centre.call(workflow)
    centre.run()
    assert task.queue == centre.everybody


def test_skip_if_counts_the_workers_of_the_queue_whom_the_target_does_not_fit() -> None:
    """Ada, whose extension it is, is away; Bob is available in the same queue, so the target is not skipped."""
    centre = CallCentre()
    direct, voicemail = centre.router.create_task_queue("Direct"), centre.router.create_task_queue("Voicemail", "1==2")
    extension = {
        "queue": direct.sid,
        "expression": "worker.ext == task.ext",
        "timeout": 60,
        "skip_if": "workers.available == 0",
    }
    rule = {"expression": "type == 'direct'", "targets": [extension, {"queue": voicemail.sid}]}
    workflow = centre.add_workflow(filters(rule))
    centre.worker("ada", activity="Offline", ext="100")
    centre.worker("bob", ext="200")
    task = centre.call(workflow, type="direct", ext="100")
    centre.run(59)
    assert task.queue == direct
    centre.run(1)
    assert task.queue == voicemail


def skipped_gold(centre: CallCentre, *others: Mapping[str, object], default: bool) -> Task:
    """A gold caller whom nobody can serve: the only target of the filter is skipped."""
    gold, rest = (centre.router.create_task_queue(name, "1==2") for name in ("Gold", "Rest"))
    rule = {"expression": "tier == 'gold'", "targets": [{"queue": gold.sid, "skip_if": "1==1"}]}
    workflow = centre.add_workflow(filters(rule, *others, default=rest.sid if default else ""))
    task = centre.call(workflow, tier="gold")
    centre.run()
    return task


@pytest.mark.parametrize("default", [True, False])
def test_a_filter_that_is_skipped_counts_as_one_that_did_not_match(default: bool) -> None:
    centre = CallCentre()
    silver = {"expression": "tier == 'silver'", "targets": [{"queue": centre.everybody.sid}]}
    queue = centre.router.create_task_queue("All", "1==2")
    task = skipped_gold(centre, silver, {"expression": "1==1", "targets": [{"queue": queue.sid}]}, default=default)
    assert (task.queue, task.status) == (queue, "pending")
    assert not [event for event in centre.events() if event in {"workflow.skipped", "workflow.timeout"}]


def test_a_task_that_is_skipped_to_nothing_is_canceled() -> None:
    centre = CallCentre()
    task = skipped_gold(centre, default=False)
    assert task.status == "canceled"
    assert centre.voice.canceled == [task.call_sid]
    assert centre.events()[-2:] == ["workflow.skipped", "task.canceled"]


def rungs(centre: CallCentre, *, skip_second: bool = False) -> str:
    """Two filters that both match, ten seconds and twenty, and a default queue."""
    first, second, rest = (centre.router.create_task_queue(name, "1==2") for name in ("First", "Second", "Rest"))
    skip = {"skip_if": "1==1"} if skip_second else {"timeout": 20}
    return centre.add_workflow(
        filters(
            {"expression": "1==1", "targets": [{"queue": first.sid, "timeout": 10}]},
            {"expression": "vip == true", "targets": [{"queue": second.sid, **skip}]},
            default=rest.sid,
        )
    )


def test_after_the_last_target_of_a_filter_the_next_filter_that_matches_takes_over() -> None:
    centre = CallCentre()
    task = centre.call(rungs(centre), vip=True)
    centre.run(10)
    assert task.queue.friendly_name == "Second"
    centre.run(19)
    assert task.status == "pending"
    centre.run(1)
    assert (task.status, task.reason) == ("canceled", "Task canceled on Workflow timeout")


def test_a_pending_reservation_is_kept_where_another_filter_follows() -> None:
    centre = CallCentre()
    workflow = rungs(centre)
    centre.router.create_worker("ada", {}, centre.activity("Available"))
    first = next(queue for queue in centre.workspace.task_queues.values() if queue.friendly_name == "First")
    first.expression = parse("1==1")
    task = centre.call(workflow, vip=True)
    reservation = centre.reserved(task)
    centre.run(10)
    assert (task.status, reservation.status) == ("reserved", "pending")
    centre.router.lifecycle.reject(reservation)
    centre.run()
    assert task.queue.friendly_name == "Second"


@pytest.mark.parametrize("vip", [True, False])
def test_after_a_timeout_nobody_comes_to_the_default_queue(vip: bool) -> None:
    centre = CallCentre()
    task = centre.call(rungs(centre, skip_second=True), vip=vip)
    centre.run(10)
    assert task.status == "canceled"
    assert centre.events()[-2] == ("workflow.skipped" if vip else "workflow.timeout")


@pytest.mark.parametrize("key", ["known_worker_sid", "known_worker_friendly_name"])
def test_a_target_for_a_known_worker_waits_for_nobody_else(key: str) -> None:
    centre = CallCentre(**{key: "task.agent"})
    centre.worker("ada")
    bob = centre.worker("bob")
    agent = bob.sid if key == "known_worker_sid" else "bob"
    assert worker_of(centre, centre.call(agent=agent)) == "bob"
    second = centre.call(agent=agent)
    centre.run(10)
    assert second.status == "pending"


@pytest.mark.parametrize(("agent", "codes"), [("nobody", ["40155"]), ("cora", ["40152"]), ("ada", []), (None, [])])
def test_a_known_worker_who_cannot_serve_the_target_is_warned_of(agent: str | None, codes: list[str]) -> None:
    centre = CallCentre()
    few = centre.router.create_task_queue("Few", 'language == "de"')
    workflow = centre.add_workflow(one_queue(few.sid, known_worker_friendly_name="task.agent"))
    centre.worker("ada", language="de", activity="Offline")
    centre.worker("cora")
    centre.call(workflow, agent=agent)
    assert centre.warnings() == codes


@pytest.mark.parametrize(
    "targets",
    [
        [],
        [{"timeout": 5}],
        [{"queue": "WQ1", "timeout": 0}],
        [{"queue": "WQ1", "expression": "task.a =="}],
        [{"queue": "WQ1", "unknown": 1}],
        [{"queue": "WQ" + "0" * 32}],
    ],
)
def test_a_wrong_configuration_is_refused(targets: list[dict[str, object]]) -> None:
    centre = CallCentre()
    with pytest.raises(TwilioError) as raised:
        centre.add_workflow(filters({"expression": "1==1", "targets": targets}))
    assert raised.value.code == 20001


@pytest.mark.parametrize("seed", range(5))
def test_capacity_is_never_exceeded_and_every_task_ends(seed: int) -> None:
    """Callers, hang-ups, rejects, timeouts and joins at random; then everybody has gone home."""
    dice = random.Random(seed)
    centre = CallCentre(timeout=600)
    workers = [centre.worker(name, capacity=dice.choice([1, 2])) for name in ("ada", "bob", "cyd")]
    tasks: list[Task] = []
    for _ in range(200):
        if dice.random() < 0.4:
            tasks.append(centre.call(priority=dice.randrange(3)))
        disturb(centre, dice, dice.choice(tasks) if tasks else None)
        for worker in workers:
            if dice.random() < 0.1:
                centre.router.lifecycle.set_activity(worker, centre.workspace.activity_named("Available"))
        centre.run(dice.choice([0, 1, 30, 130]))
        for worker in workers:
            assert worker.assigned_tasks("voice") <= worker.channels["voice"].capacity
    centre.run(90_000)
    assert not centre.workspace.tasks
    assert not centre.workspace.reservations
    assert all(worker.assigned_tasks("voice") == 0 for worker in workers)


def disturb(centre: CallCentre, dice: random.Random, task: Task | None) -> None:
    reservation = task.open_reservation if task else None
    if task is None:
        return
    if reservation is None or dice.random() < 0.2:
        centre.workspaces.caller_left(task.sid)
    elif reservation.status == "pending" and dice.random() < 0.3:
        centre.router.lifecycle.reject(reservation)
    elif reservation.status == "pending":
        centre.workspaces.begin_accept(reservation.sid)
        centre.workspaces.finish_accept(reservation.sid, dice.random() < 0.8)
    else:
        centre.complete(task) if task.status == "assigned" else centre.router.lifecycle.complete(task, "")
