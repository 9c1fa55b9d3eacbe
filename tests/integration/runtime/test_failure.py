"""What becomes of messages that fail: parked, tried again, and at last dead letters, with the order of their key kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.runtime.support import (
    DEAD,
    ORDERS,
    POLICY,
    Context,
    Placed,
    Publisher,
    count,
    create_app,
    eventually,
    message,
    note,
    noted,
    place,
    received,
    running,
)

from eda_runtime import App, PermanentError
from eda_runtime.consumer import dead_letters
from eda_runtime.consumer.dead_letters import DeadLetter
from eda_runtime.housekeeping import purge
from eda_runtime.status import status_of
from eda_runtime.transports import Retaining

SKIP = replace(POLICY, on_failure="skip")


class Unlucky:
    """A handler whose first attempts at the message numbered 2 fail, `times` of them, with `error`."""

    def __init__(self, times: int, error: type[Exception] = RuntimeError) -> None:
        self.times = times
        self.error = error
        self.attempts: list[int] = []

    async def __call__(self, event: Placed, ctx: Context) -> None:
        if event.number == 2:
            self.attempts.append(ctx.attempt)
            if ctx.attempt <= self.times:
                raise self.error("two")
        await note(event, ctx)


async def letters(app: App[Publisher]) -> list[DeadLetter]:
    return list(await dead_letters.find(app.opened.store, [POLICY.group], 100))


async def number_of_letters(app: App[Publisher]) -> int:
    return len(await letters(app))


async def unread(app: App[Publisher]) -> int:
    return sum(lag.messages for lag in await app.opened.transport.lag(app.topology))


def in_order(key: str, *numbers: int) -> list[tuple[str, int]]:
    return [(key, number) for number in numbers]


async def one_by_one(app: App[Publisher], *facts: tuple[str, int]) -> None:
    for fact in facts:
        await place(app, fact)


async def test_later_messages_of_a_key_wait_for_one_that_failed_and_other_keys_go_on(url: str) -> None:
    async with running(create_app(url, Unlucky(times=2))) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3, 4), *in_order("b", 1))

        await eventually(lambda: noted(app, "a"), in_order("a", 1, 2, 3, 4))

        everything = await noted(app)
        assert everything.index(("b", 1)) < everything.index(("a", 2))
        assert await count(app, "eda_parked") == 0


async def test_with_skip_later_messages_of_the_key_pass(url: str) -> None:
    async with running(create_app(url, Unlucky(times=2), policy=SKIP)) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3, 4))

        await eventually(lambda: noted(app, "a"), in_order("a", 1, 3, 4, 2))


async def test_messages_that_come_while_others_of_their_key_wait_go_behind_them(url: str) -> None:
    async with running(create_app(url, Unlucky(times=2))) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3))
        await eventually(lambda: count(app, "eda_parked"), 2)
        await one_by_one(app, *in_order("a", 4, 5))

        await eventually(lambda: noted(app, "a"), in_order("a", 1, 2, 3, 4, 5))


async def test_what_is_parked_is_tried_by_the_next_process_when_this_one_has_gone(url: str) -> None:
    patient = replace(POLICY, retry=replace(POLICY.retry, initial=timedelta(seconds=1), max=timedelta(seconds=1)))
    async with running(create_app(url, Unlucky(times=1), policy=patient)) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3))
        await eventually(lambda: count(app, "eda_parked"), 2)

    async with running(create_app(url, Unlucky(times=1), policy=patient)) as app:
        await eventually(lambda: noted(app, "a"), in_order("a", 1, 2, 3))


async def test_the_handler_is_told_which_attempt_it_is(url: str) -> None:
    handler = Unlucky(times=2)
    async with running(create_app(url, handler)) as app:
        await place(app, ("a", 2))

        await eventually(lambda: noted(app), in_order("a", 2))

    assert handler.attempts == [1, 2, 3]


async def test_after_the_last_attempt_a_message_is_a_dead_letter_with_its_story(url: str) -> None:
    async with running(create_app(url, Unlucky(times=99))) as app:
        await place(app, ("a", 2))
        await eventually(lambda: number_of_letters(app), 1)

        (letter,) = await letters(app)
        (on_the_broker,) = await received(app, DEAD)

    assert (letter.attempts, letter.reason, letter.body) == (3, "RuntimeError: two", b'{"key":"a","number":2}')
    assert letter.stack is not None
    assert "raise self.error" in letter.stack
    assert letter.first_failed_at < letter.last_failed_at
    assert (letter.address, letter.key) == (ORDERS.address, "a")
    assert on_the_broker.envelope is not None
    story = on_the_broker.envelope.extensions
    assert (story["edareason"], story["edaattempts"]) == ("RuntimeError: two", "3")
    assert (story["edaaddress"], story["edaposition"]) == (letter.address, letter.position)
    assert on_the_broker.body == letter.body


@pytest.mark.parametrize("error", [PermanentError, NotImplementedError])
async def test_a_permanent_error_is_not_tried_again(url: str, error: type[Exception]) -> None:
    handler = Unlucky(times=99, error=error)
    async with running(create_app(url, handler)) as app:
        await place(app, ("a", 2))

        await eventually(lambda: number_of_letters(app), 1)

        assert (await letters(app))[0].attempts == 1
        assert handler.attempts == [1]


async def test_a_poison_message_is_kept_byte_for_byte_and_holds_up_its_own_key_alone(url: str) -> None:
    poison = b"\xff\x00 not json"
    async with running(create_app(url)) as app:
        await app.opened.transport.publish([message(poison, key="a")])
        await one_by_one(app, ("a", 1), ("b", 1))
        await eventually(lambda: noted(app), in_order("b", 1))
        await eventually(lambda: count(app, "eda_parked"), 2)

        (letter,) = await letters(app)
        (on_the_broker,) = await received(app, DEAD)

    assert letter.body == on_the_broker.body == poison
    assert letter.followers == 1
    assert letter.reason.startswith("the payload does not fit t.Placed.v1: payload: Invalid JSON")


async def test_a_poison_message_without_a_key_holds_up_nothing(url: str) -> None:
    async with running(create_app(url)) as app:
        await app.opened.transport.publish([message(b"poison", key=None)])
        await one_by_one(app, ("a", 1), ("b", 1))

        await eventually(lambda: count(app, "notes"), 2)
        await eventually(lambda: number_of_letters(app), 1)


async def test_a_dead_letter_that_comes_again_is_one_dead_letter(url: str) -> None:
    async with running(create_app(url)) as app:
        await app.opened.transport.publish([message(b"poison", key=None)])
        await app.opened.transport.publish([message(b"poison", key=None), message(b'{"key":"k","number":1}', id_="2")])

        await eventually(lambda: noted(app), in_order("k", 1))
        await eventually(lambda: unread(app), 0)
        assert await number_of_letters(app) == 1


async def test_what_follows_a_dead_letter_waits_for_a_person_and_is_shown(url: str) -> None:
    async with running(create_app(url, Unlucky(times=99))) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3, 4))
        await eventually(lambda: number_of_letters(app), 1)
        await eventually(lambda: count(app, "eda_parked"), 3)

        status = await status_of(app.opened, app.topology, app.subscriptions)

    (consumer,) = status.consumers
    assert (consumer.dead_letters, consumer.parked) == (1, 2)
    assert [(key.key, key.messages, key.dead) for key in consumer.parked_keys] == [("a", 3, True)]


async def test_with_skip_nothing_waits_for_a_dead_letter(url: str) -> None:
    async with running(create_app(url, Unlucky(times=99), policy=SKIP)) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3))

        await eventually(lambda: number_of_letters(app), 1)
        await eventually(lambda: noted(app), in_order("a", 1, 3))


async def test_a_redriven_letter_is_handled_before_what_waited_behind_it(url: str) -> None:
    handler = Unlucky(times=99)
    async with running(create_app(url, handler)) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3, 4))
        await eventually(lambda: number_of_letters(app), 1)
        number = (await letters(app))[0].number

        handler.times = 0
        redriven = await dead_letters.redrive(app.opened.store, [POLICY.group], [number])
        again = await dead_letters.redrive(app.opened.store, [POLICY.group], [number])

        await eventually(lambda: noted(app), in_order("a", 1, 2, 3, 4), seconds=15)
        assert (redriven, again) == (1, 0)


async def test_when_a_letter_is_discarded_what_waited_behind_it_goes_on(url: str) -> None:
    async with running(create_app(url, Unlucky(times=99))) as app:
        await one_by_one(app, *in_order("a", 1, 2, 3, 4))
        await eventually(lambda: number_of_letters(app), 1)
        number = (await letters(app))[0].number

        assert await dead_letters.discard(app.opened.store, [POLICY.group], [number]) == 1

        await eventually(lambda: noted(app), in_order("a", 1, 3, 4), seconds=15)


async def test_another_groups_letters_are_out_of_reach(url: str) -> None:
    async with running(create_app(url, Unlucky(times=99, error=PermanentError))) as app:
        await place(app, ("a", 2))
        await eventually(lambda: number_of_letters(app), 1)
        number = (await letters(app))[0].number

        assert await dead_letters.discard(app.opened.store, ["another"], [number]) == 0


async def test_a_long_queue_behind_a_failed_message_is_worked_off_in_order(url: str) -> None:
    async with running(create_app(url, Unlucky(times=2), policy=replace(POLICY, batch=20))) as app:
        await place(app, *in_order("a", *range(100)))

        await eventually(lambda: noted(app), in_order("a", *range(100)))


async def test_many_failing_keys_are_tried_again_by_several_workers_each_once_at_a_time(url: str) -> None:
    tries: Counter[str] = Counter()

    async def fail_first(event: Placed, ctx: Context) -> None:
        tries[event.key] += 1
        if ctx.attempt == 1:
            raise RuntimeError("not yet")
        await note(event, ctx)

    one, two = create_app(url, fail_first), create_app(url, fail_first)
    async with running(one) as app, running(two, roles=["consumer", "retry"]):
        await place(app, *((f"k{key}", 1) for key in range(60)))

        await eventually(lambda: count(app, "notes"), 60)

    assert max(tries.values()) <= 3


@pytest.mark.parametrize("window", [timedelta(0), timedelta(days=1)])
async def test_a_purge_forgets_what_is_older_than_the_window(url: str, window: timedelta) -> None:
    policy = replace(POLICY, idempotency_window=window, dead_letter=replace(POLICY.dead_letter, retention=window))
    async with running(create_app(url, policy=policy)) as app:
        await app.opened.transport.publish([message(b"poison", key=None)])
        await place(app, *(("a", number) for number in range(5)))
        await eventually(lambda: count(app, "notes"), 5)
        await eventually(lambda: number_of_letters(app), 1)

        (gone,) = await purge(app.opened.store, app.subscriptions)

        assert (gone.inbox, gone.dead_letters) == ((6, 1) if window == timedelta(0) else (0, 0))


async def test_the_log_forgets_what_all_have_read_by_way_of_the_service(url: str) -> None:
    async with running(create_app(url)) as app:
        await place(app, *(("a", number) for number in range(5)))
        await eventually(lambda: count(app, "notes"), 5)
        await eventually(lambda: count(app, "eda_outbox"), 0)
        log = app.opened.transport
        assert isinstance(log, Retaining)

        gone: list[int] = []

        async def gone_so_far() -> int:
            gone.append(await log.purge(timedelta(0)))
            return sum(gone)

        await eventually(gone_so_far, 5)
