"""Where a reply goes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eda_runtime import ChannelContract, Envelope, Event, MessageContract, Outbox, PermanentError
from eda_runtime.outbox import Producer
from eda_runtime.telemetry import Telemetry
from eda_runtime.transports import Outgoing

REPLIES = ChannelContract(name="replies", address="{address}")


class Told(Event):
    cents: int


TOLD = MessageContract(name="Told", version=1, type="Told.v1", model=Told)


def outbox(pending: list[Outgoing], **extensions: str) -> Outbox:
    request = Envelope("q", "/till", "Asked.v1", datetime.now(UTC), b"{}", correlationid="c", extensions=extensions)
    return Outbox(Producer("/prices", Telemetry(), None), pending, request)


def test_a_reply_goes_where_its_request_says_and_names_it() -> None:
    pending: list[Outgoing] = []

    outbox(pending, replyto="till.told").reply(TOLD, Told(cents=3), REPLIES)

    (reply,) = pending
    assert (reply.address, reply.envelope.correlationid, reply.envelope.causationid) == ("till.told", "c", "q")


def test_an_address_that_is_given_wins() -> None:
    pending: list[Outgoing] = []

    outbox(pending, replyto="till.told").reply(TOLD, Told(cents=3), REPLIES, "elsewhere")

    assert pending[0].address == "elsewhere"


def test_a_request_without_an_address_cannot_be_answered_however_often_it_is_tried() -> None:
    with pytest.raises(PermanentError, match="says no address for its reply Told"):
        outbox([]).reply(TOLD, Told(cents=3), REPLIES)
