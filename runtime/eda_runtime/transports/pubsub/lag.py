"""How far a group is behind. Pub/Sub's interface does not tell: what a group has not acknowledged is copied and counted."""

from __future__ import annotations

import time
from datetime import timedelta

from google.api_core.exceptions import DeadlineExceeded

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Lag
from eda_runtime.transports.pubsub.connection import REQUEST_SECONDS, Connection, broker_errors
from eda_runtime.transports.pubsub.family import subscriptions_of
from eda_runtime.transports.pubsub.messages import published_at
from eda_runtime.transports.pubsub.names import topic_id, topic_path
from eda_runtime.transports.pubsub.temporary import copy_of_backlog, drop

__all__ = ["MOST", "lag_of"]

MOST = 10_000
"""Messages are counted up to this many: who is as far behind has no use for the exact number."""
LOOK_SECONDS = 4.0
AT_ONCE = 1000


async def lag_of(connection: Connection, receive: ReceivePolicy) -> Lag:
    address, messages, ages = receive.channel.address, 0, [0.0]
    with broker_errors(f"counting what {receive.group} has not acknowledged"):
        for path, topic in (await subscriptions_of(connection, receive)).items():
            copy = await copy_of_backlog(connection, topic_path(connection.options.project, topic_id(topic)), path)
            try:
                oldest, found = await count(connection, copy)
            finally:
                await drop(connection, copy)
            messages += found
            ages.append(time.time() - oldest if found else 0.0)
    return Lag(address, receive.group, messages, timedelta(seconds=max(ages)))


async def count(connection: Connection, path: str) -> tuple[float, int]:
    """When the oldest of the messages was published, and how many there are."""
    oldest, ids = time.time(), set[str]()
    while len(ids) < MOST:
        try:
            response = await connection.subscriber.pull(
                subscription=path, max_messages=AT_ONCE, timeout=LOOK_SECONDS, retry=None
            )
        except DeadlineExceeded:
            break
        received = response.received_messages
        if not received:
            break
        ids |= {each.message.message_id for each in received}
        oldest = min(oldest, *(published_at(each.message).timestamp() for each in received))
        leases = [each.ack_id for each in received]
        await connection.subscriber.acknowledge(subscription=path, ack_ids=leases, timeout=REQUEST_SECONDS, retry=None)
    return oldest, len(ids)
