"""Subscriptions to be thrown away: they read a topic again, and no consumer notices."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import uuid4

from google.api_core.exceptions import GoogleAPICallError
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.pubsub_v1.types import ExpirationPolicy, SeekRequest, Subscription

from eda_runtime.transports.pubsub.connection import REQUEST_SECONDS, Connection
from eda_runtime.transports.pubsub.names import snapshot_path, subscription_path

__all__ = ["copy_of_backlog", "drop", "from_time"]

FORGOTTEN = timedelta(days=1)
"""After which Pub/Sub deletes one whose reader died; it allows no less."""
log = logging.getLogger(__name__)


async def from_time(connection: Connection, topic: str, start: datetime, *, ordered: bool) -> str:
    """A new subscription that holds what the topic keeps from a time on; returns its path."""
    path = await create(connection, topic, ordered=ordered)
    time = Timestamp()
    time.FromDatetime(start)
    await seek(connection, SeekRequest(subscription=path, time=time))
    return path


async def copy_of_backlog(connection: Connection, topic: str, subscription: str) -> str:
    """A new subscription that holds what `subscription` has not acknowledged; returns its path."""
    snapshot = snapshot_path(connection.options.project, f"eda-{uuid4().hex}")
    path = await create(connection, topic, ordered=False)
    asked = {"name": snapshot, "subscription": subscription}
    await connection.subscriber.create_snapshot(request=asked, timeout=REQUEST_SECONDS, retry=None)
    try:
        await seek(connection, SeekRequest(subscription=path, snapshot=snapshot))
    finally:
        await connection.subscriber.delete_snapshot(snapshot=snapshot, timeout=REQUEST_SECONDS, retry=None)
    return path


async def create(connection: Connection, topic: str, *, ordered: bool) -> str:
    path = subscription_path(connection.options.project, f"eda-{uuid4().hex}")
    wanted = Subscription(
        name=path,
        topic=topic,
        enable_message_ordering=ordered,
        expiration_policy=ExpirationPolicy(ttl=Duration(seconds=int(FORGOTTEN.total_seconds()))),
    )
    await connection.subscriber.create_subscription(request=wanted, timeout=REQUEST_SECONDS, retry=None)
    return path


async def seek(connection: Connection, request: SeekRequest) -> None:
    try:
        await connection.subscriber.seek(request=request, timeout=REQUEST_SECONDS, retry=None)
    except BaseException:
        await drop(connection, request.subscription)
        raise


async def drop(connection: Connection, path: str) -> None:
    try:
        await connection.subscriber.delete_subscription(subscription=path, timeout=REQUEST_SECONDS, retry=None)
    except GoogleAPICallError as error:
        log.warning("%s is left to expire: %s", path, error)
