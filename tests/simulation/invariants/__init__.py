"""The invariants, each checked against what really happened (docs/reliability.md).

A check reads what was observed in a world that is over and yields the violations that it finds. Where an invariant has
a condition, faults excuse: only those about the very call, and only of the kinds that the check names.
"""

from collections.abc import Callable

from tests.simulation.invariants import (
    answers,
    availability,
    callbacks,
    callers,
    crm,
    desk,
    hours,
    machines,
    menus,
    messages,
    persons,
    record,
    recorded,
    ringing,
    stars,
    tell,
    who,
    work,
    workers,
)
from tests.simulation.invariants.terms import Found, Violation
from tests.simulation.observed import Observed

__all__ = ["Violation", "check"]


def check(observed: Observed) -> list[Violation]:
    """Every violation in this world."""
    return [violation for invariant in INVARIANTS for violation in invariant(observed)]


INVARIANTS: tuple[Callable[[Observed], Found], ...] = (
    callers.joined_to_one,
    callers.not_to_nobody,
    callers.nobody_is_stranded,
    callers.every_wait_ends,
    ringing.one_phone_for_one_reservation,
    ringing.no_late_ringing,
    ringing.no_late_dial,
    crm.crm_first,
    crm.crm_no_is_a_rejection,
    crm.crm_hears_of_each,
    crm.nobody_loops_for_the_crm,
    crm.the_crm_keeps_to_its_budget,
    workers.every_task_ends,
    workers.every_worker_is_free,
    workers.wrap_up_ends_in_time,
    workers.who_cannot_take_calls_is_left_out,
    workers.nobody_is_moved_without_a_reason,
    workers.by_hand_stays,
    workers.only_who_passed_is_put_aside_for_a_while,
    record.the_table_is_true,
    record.calls_are_true,
    record.sweeps_do_not_fail,
    answers.answers_are_good,
    answers.a_secret_that_was_read_lasts,
    answers.nothing_is_sent_again,
    answers.instructions_are_good,
    tell.every_voicemail_is_told,
    tell.who_was_led_out_is_told,
    tell.nobody_there_is_told,
    tell.mails_are_few_and_private,
    machines.nobody_is_joined_to_a_machine,
    machines.who_took_the_call_gets_it,
    machines.nobody_who_talks_is_hung_up_on,
    machines.nobody_is_asked_about_who_has_left,
    work.an_order_becomes_one_task,
    work.work_is_done,
    work.no_customers_phone_rings_without_a_key,
    messages.no_message_is_lost,
    messages.no_message_stays_at_twilio,
    messages.the_table_knows_each_message,
    messages.each_message_is_seen_to,
    messages.nobody_is_rung_for_a_message_that_is_done,
    messages.a_message_is_offered_to_one_at_a_time,
    callbacks.one_callback_is_talked_at_most,
    callbacks.no_callback_is_lost,
    callbacks.who_talked_is_not_called_back,
    callbacks.attempts_are_limited,
    callbacks.the_place_is_kept,
    callbacks.one_at_a_time,
    hours.a_caller_meets_the_line_as_it_stands,
    hours.nobody_waits_beyond_the_closing_time,
    who.who_is_blocked_rings_nobody,
    persons.who_asks_for_a_worker_is_offered_to_nobody_else,
    persons.who_asks_for_a_worker_waits_for_them_or_may_leave_a_message,
    persons.a_message_to_a_worker_is_theirs,
    persons.who_talked_to_a_worker_is_offered_to_them_first,
    menus.every_menu_ends,
    menus.every_menu_ends_with_a_queue_or_a_sentence,
    menus.nobody_is_taken_at_an_unclear_word,
    menus.a_silence_makes_no_choice,
    menus.who_chose_a_language_hears_it,
    stars.nobody_on_hold_is_in_silence,
    stars.nobody_stays_on_hold,
    stars.the_worker_says_where_the_caller_goes,
    stars.each_further_wait_is_of_a_star_key,
    availability.what_was_said_last_holds,
    availability.who_is_off_is_off_in_the_end,
    availability.no_shifts_end_throws_out_a_talk,
    recorded.nobody_is_recorded_who_was_not_told,
    recorded.each_recorded_talk_is_kept_once,
    recorded.an_untroubled_talk_is_recorded,
    recorded.only_who_may_hears_recordings,
    recorded.who_may_hears_the_latest,
    recorded.when_its_time_is_over_it_is_gone,
    desk.no_job_rings_a_worker_at_the_desk,
    desk.who_may_be_taken_is_shown_so,
    desk.what_was_written_is_kept,
)
