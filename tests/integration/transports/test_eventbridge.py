"""What is particular to EventBridge and SQS: names, errors, entries, visibility, replays, and the order that is restored."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.runtime.support import (
    POLICY,
    Publisher,
    create_app,
    eventually,
    noted,
    place,
    prepared,
)
from tests.integration.transports.eventbridge import LEASE, bodies, clients_of, connected
from tests.services.aws import REGION
from tests.services.processes import free_ports

from eda_gen.emit.deploy.eventbridge import names as deployed
from eda_runtime import App
from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.tasks import end
from eda_runtime.testing.conformance.kit import ADDRESS, KEYS, event, events, ids, policy, rest, take, topology
from eda_runtime.transports import ReplayRange
from eda_runtime.transports.eventbridge import names
from eda_runtime.transports.eventbridge.clients import Clients
from eda_runtime.transports.eventbridge.messages import delivery
from eda_runtime.transports.eventbridge.receiver import QueueReceiver
from eda_runtime.transports.registry import open_transport
from eda_runtime.transports.times import LATEST

pytestmark = pytest.mark.xdist_group("eventbridge")
REFUSED = b"""HTTP/1.1 403 Forbidden\r
Content-Type: application/x-amz-json-1.1\r
Content-Length: 108\r
Connection: close\r
\r
{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."} """


async def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ("aiobotocore", "eda_runtime.transports.eventbridge")
    for name in [name for name in tuple(sys.modules) if name.startswith(gone)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiobotocore", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[eventbridge\]'"):
        await open_transport("eventbridge://eu-central-1")


@pytest.mark.parametrize("url", ["eventbridge://", "eventbridge://frankfurt", "eventbridge://eu-central-1/orders"])
async def test_a_url_without_a_region_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"eventbridge://eu-central-1"):
        await open_transport(url)


@pytest.mark.parametrize("endpoint", ["localhost:4566", "http://[host", "http://host:99999", "http://u:s3/cret@host"])
async def test_an_endpoint_that_is_no_url_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match=r"such as http://127.0.0.1:4566"):
        await open_transport(f"eventbridge://eu-central-1?endpoint={endpoint}")


async def test_an_endpoint_that_is_not_there_is_named_within_the_connect_time() -> None:
    (port,) = free_ports(1)

    async with asyncio.timeout(15):
        with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port}\) cannot be reached: is the region right"):
            await open_transport(f"eventbridge://{REGION}?endpoint=http://127.0.0.1:{port}")


async def test_missing_credentials_say_where_to_put_them(eventbridge_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable)

    with pytest.raises(ConfigurationError, match="set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        await open_transport(eventbridge_url)


async def test_a_profile_that_is_not_there_is_named(eventbridge_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(ConfigurationError, match="nobody"):
        await open_transport(eventbridge_url)


async def test_refused_credentials_say_which_variables_to_check_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator refuses nobody, so this is what AWS answers."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wr0ng-s3cret")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(REFUSED)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConfigurationError, match=r"refused our credentials.*AWS_SECRET_ACCESS_KEY") as refused:
            await open_transport(f"eventbridge://{REGION}?endpoint=http://127.0.0.1:{port}")

    assert "wr0ng-s3cret" not in str(refused.value)


async def test_a_missing_queue_asks_for_provisioning(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport:
        with pytest.raises(ConfigurationError, match=r"no queue billing in .*run `eda provision` first"):
            await transport.receiver(policy())


async def test_a_missing_bus_asks_for_provisioning(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport:
        with pytest.raises(PublishError, match=r"no event bus sales\.orders .*run `eda provision` first"):
            await transport.publish([event("a", 0)])


@given(st.text(min_size=1, max_size=120))
def test_names_are_those_of_the_deployment_files(text: str) -> None:
    assert names.bus_name(text) == deployed.bus_name(text)
    assert names.archive_name(text) == deployed.archive_name(text)
    assert names.queue_name(text) == deployed.queue_name(text)
    assert names.rule_name(text) == deployed.rule_name(text, "address", several=False)


async def test_operations_that_share_a_group_have_queues_of_their_own(eventbridge_url: str) -> None:
    first = policy()
    second = replace(first, operation="onPaid", channel=ChannelContract("payments", "billing.payments"))
    async with connected(eventbridge_url) as transport:
        await transport.provision(Topology((), (first, second)))
        await transport.publish([event("a", 0), replace(event("a", 1), address="billing.payments")])

        assert ids(await take(await transport.receiver(first), 1)) == ["a/0"]
        assert ids(await take(await transport.receiver(second), 1)) == ["a/1"]


async def test_a_queue_has_the_name_that_its_binding_gives_it(eventbridge_url: str) -> None:
    named = replace(policy("my_queue"), names={"eventbridge": "my_queue"})
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(Topology((), (named,)))
        await transport.publish([event("a", 0)])

        assert len(await bodies(clients, "my_queue")) == 1


@pytest.mark.parametrize("depth", [10, *range(900, 1100, 3), 100_000])
def test_a_message_that_is_nested_however_deeply_is_handed_out(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = f'{{"detail":{{"specversion":"1.0","id":"1","source":"/s","type":"t","note":{nested},"data":{nested}}}}}'

    found = delivery({"Body": body, "MessageId": "m"}, ADDRESS)

    assert found.problem
    assert found.envelope is None


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("2020-01-01", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2020-01-01T01:00:00+01:00", datetime(2020, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", LATEST),
        ("0001-01-01T00:00:00+01:00", LATEST),
        ("yesterday", LATEST),
    ],
)
def test_times_that_others_state_are_times_in_utc(stated: str, read: datetime) -> None:
    """Where there is none, it is that of SQS."""
    body = json.dumps({"detail": {"edasentat": stated}})

    found = delivery({"Body": body, "Attributes": {"SentTimestamp": "1764043700123456789"}}, ADDRESS)

    assert found.appended_at == read


async def test_json_can_be_read_by_whoever_looks_at_the_event(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(topology())
        await transport.publish([event("a", 0, b'{"total":10.5}')])
        (body,) = await bodies(clients, "billing")

    found = json.loads(body)
    assert (found["detail-type"], found["source"]) == ("sales.OrderPlaced.v1", "/orders")
    assert found["detail"]["data"] == {"total": 10.5}
    assert (found["detail"]["specversion"], found["detail"]["partitionkey"]) == ("1.0", "a")


async def test_large_messages_are_spread_over_calls(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport:
        await transport.provision(topology())
        await transport.publish([event(key, 0, b"x" * 100_000) for key in KEYS])

        assert len(await take(await transport.receiver(policy()), len(KEYS))) == len(KEYS)


async def test_what_an_entry_cannot_hold_is_refused_by_name_and_the_rest_is_sent(eventbridge_url: str) -> None:
    long_type = event("b", 0)
    long_type = replace(long_type, envelope=replace(long_type.envelope, type="t" * 129))
    heavy = event("c", 0, b"{}")
    heavy = replace(heavy, envelope=replace(heavy.envelope, extensions={"note": "x" * 300_000}))
    async with connected(eventbridge_url) as transport:
        await transport.provision(topology())
        with pytest.raises(PublishError, match="larger than 262144; the type") as refused:
            await transport.publish([event("a", 0), long_type, heavy])

        assert refused.value.unacknowledged == (long_type, heavy)
        assert ids(await rest(await transport.receiver(policy()))) == ["a/0"]


async def test_a_message_stays_ours_while_its_handler_works(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport, connected(eventbridge_url) as other:
        await transport.provision(topology())
        await transport.publish([event("a", 0)])
        slow = await transport.receiver(policy())
        (taken,) = await take(slow, 1, acknowledge=False)

        assert list(await (await other.receiver(policy())).poll(10, LEASE.total_seconds() * 2)) == []
        await slow.acknowledge([taken])


async def test_a_message_stays_ours_though_credentials_expire_for_a_moment(
    eventbridge_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ExpiredTokenException"}}, "ChangeMessageVisibilityBatch")

    async with connected(eventbridge_url) as transport, connected(eventbridge_url) as other:
        await transport.provision(topology())
        await transport.publish([event("a", 0)])
        slow = await transport.receiver(policy())
        assert isinstance(slow, QueueReceiver)
        (taken,) = await take(slow, 1, acknowledge=False)
        with monkeypatch.context() as expired:
            expired.setattr(slow._sqs, "change_message_visibility_batch", refuse)
            await asyncio.sleep(LEASE.total_seconds() / 2)

        assert list(await (await other.receiver(policy())).poll(10, LEASE.total_seconds() * 2)) == []
        await slow.acknowledge([taken])


async def test_a_worker_that_keeps_nothing_any_more_polls_nothing(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport:
        await transport.provision(topology())
        receiver = await transport.receiver(policy())
        assert isinstance(receiver, QueueReceiver)
        await end(receiver._keeping)

        with pytest.raises(TransportError, match="not kept from other workers"):
            await receiver.poll(1, 1)


async def test_a_dead_workers_messages_come_to_another(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport, connected(eventbridge_url) as other:
        await transport.provision(topology())
        await transport.publish([event("a", 0)])
        dead = await transport.receiver(policy())
        assert isinstance(dead, QueueReceiver)
        await take(dead, 1, acknowledge=False)
        dead._keeping.cancel()

        assert ids(await take(await other.receiver(policy()), 1)) == ["a/0"]


async def test_a_dead_letter_goes_to_the_groups_dead_letter_queue(eventbridge_url: str) -> None:
    letter = replace(event("a", 0, b"\x00poison"), address=policy().dead_letter.address)
    told = replace(letter, envelope=replace(letter.envelope, extensions={"edareason": "it is poison"}))
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(topology())
        await transport.publish([told])
        (body,) = await bodies(clients, names.queue_name(letter.address))

    found = json.loads(body)
    assert (found["specversion"], found["edareason"], found["data_base64"]) == ("1.0", "it is poison", "AHBvaXNvbg==")


async def test_a_message_that_kills_its_consumer_each_time_becomes_a_dead_letter_of_sqs(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(topology())
        await transport.publish([event("a", 0)])
        receiver = await transport.receiver(policy())
        for _ in range(20):
            await receiver.release(await take(receiver, 1, acknowledge=False))
        left = await receiver.poll(1, 0)
        (body,) = await bodies(clients, names.queue_name(policy().dead_letter.address))

    assert list(left) == []
    assert json.loads(body)["detail"]["id"] == "a/0"


async def test_a_replay_reaches_no_other_group_and_leaves_nothing_behind(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(topology("billing", "shipping"))
        await transport.publish(events(KEYS, 1))
        live = [await transport.receiver(policy(group)) for group in ("billing", "shipping")]
        for receiver in live:
            await take(receiver, len(KEYS))

        replay = await transport.receiver(policy(), ReplayRange(datetime.now(UTC) - timedelta(hours=1)))
        found = await rest(replay)
        await replay.close()

        assert len(found) == len(KEYS)
        assert [list(await receiver.poll(10, 0.5)) for receiver in live] == [[], []]
        queues = (await clients.sqs.list_queues()).get("QueueUrls", [])
        rules = (await clients.events.list_rules(EventBusName=ADDRESS))["Rules"]
        assert not [each for each in (*queues, *(rule.get("Name", "") for rule in rules)) if "replay" in each]


async def test_without_an_archive_a_replay_asks_for_provisioning(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport:
        with pytest.raises(ConfigurationError, match="no bus or no archive: run `eda provision`"):
            await transport.receiver(policy(), ReplayRange(datetime.now(UTC)))


def service(url: str, folder: Path) -> App[Publisher]:
    app = create_app(f"sqlite:///{folder / 'eda.db'}", policy=POLICY)
    app.settings = replace(app.settings, broker_url=url, lease=LEASE)
    return app


async def test_a_service_restores_the_order_of_keys_however_the_queue_hands_them_out(
    eventbridge_url: str, tmp_path: Path
) -> None:
    facts = [(f"k{number % 4}", number) for number in range(80)]
    async with prepared(service(eventbridge_url, tmp_path)) as app, clients_of(eventbridge_url) as clients:
        await place(app, *facts)
        sending = asyncio.create_task(app.run(["relay"]))
        await eventually(lambda: waiting(clients), len(facts))
        app.stop()
        await sending
        await disorder(clients)

    async with service(eventbridge_url, tmp_path) as app:
        consuming = asyncio.create_task(app.run(["consumer", "retry"]))
        await eventually(lambda: number_noted(app), len(facts), seconds=30)
        app.stop()
        await consuming
    async with service(eventbridge_url, tmp_path) as app:
        found = {key: await noted(app, key) for key, _ in facts}
    assert found == {key: [fact for fact in facts if fact[0] == key] for key, _ in facts}


async def waiting(clients: Clients) -> int:
    url = (await clients.sqs.get_queue_url(QueueName=names.queue_name(POLICY.group)))["QueueUrl"]
    asked = await clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


async def disorder(clients: Clients) -> None:
    """Put everything back into the queue, shuffled, some of it twice."""
    queue = names.queue_name(POLICY.group)
    found = await bodies(clients, queue)
    found += found[::5]
    random.Random(11).shuffle(found)
    url = (await clients.sqs.get_queue_url(QueueName=queue))["QueueUrl"]
    for body in found:
        await clients.sqs.send_message(QueueUrl=url, MessageBody=body)


async def number_noted(app: App[Publisher]) -> int:
    return len(await noted(app))
