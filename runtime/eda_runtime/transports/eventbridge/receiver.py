"""One worker of a consumer group: takes messages from the group's queue, and keeps them invisible to others while it works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from eda_runtime.errors import EdaError, TransportError
from eda_runtime.tasks import end
from eda_runtime.transports import Delivery
from eda_runtime.transports.eventbridge.clients import Clients, aws_errors
from eda_runtime.transports.eventbridge.messages import Receipt, delivery

if TYPE_CHECKING:
    from types_aiobotocore_sqs.type_defs import BatchResultErrorEntryTypeDef

__all__ = ["QueueReceiver"]

AT_ONCE = 10
"""Messages that SQS gives or takes in one call."""
MOST_CALLS = 10
LONG_POLL_SECONDS = 1
CLOSE_SECONDS = 3.0
GONE = frozenset(("ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"))
"""The message is done already, or somebody else has it by now."""
T = TypeVar("T")
log = logging.getLogger(__name__)


class QueueReceiver:
    """What is polled is ours for the length of a lease, and longer as long as this worker is alive and says so."""

    def __init__(self, clients: Clients, queue: str, address: str) -> None:
        self.closed = False
        self._sqs = clients.sqs
        self._queue = queue
        self._address = address
        self._visibility = clients.options.visibility
        self._in_hand: set[str] = set()
        self._polling = asyncio.Lock()
        self._keeping = asyncio.create_task(self._keep(), name="eda-visibility")

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        async with self._polling:
            while not self.closed:
                self._raise_if_not_kept()
                with aws_errors("receiving"):
                    found = await self._take(max_messages, wait=deadline > clock())
                if found or clock() >= deadline:
                    return found
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        handles = self._let_go(deliveries)
        await self._each_ten(handles, self._delete, "acknowledging")

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._show(self._let_go(deliveries))

    async def close(self) -> None:
        self.closed = True
        await end(self._keeping)
        async with self._polling:
            handles, self._in_hand = sorted(self._in_hand), set()
            with suppress(EdaError, TimeoutError):  # they show again by themselves
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._show(handles)

    async def _take(self, limit: int, *, wait: bool) -> list[Delivery]:
        """Wait for the first ones; where there may be more, fetch them without waiting."""
        found = await self._receive(min(limit, AT_ONCE), LONG_POLL_SECONDS if wait else 0)
        more = len(found) == AT_ONCE
        while more and len(found) < limit and not self.closed:
            sizes = [min(AT_ONCE, left) for left in range(limit - len(found), 0, -AT_ONCE)][:MOST_CALLS]
            calls = await asyncio.gather(*(self._receive(size, 0) for size in sizes), return_exceptions=True)
            fetched = [each for call in calls if not isinstance(call, BaseException) for each in call]
            found += fetched
            more = len(fetched) == sum(sizes)
        return found

    async def _receive(self, number: int, wait: int) -> list[Delivery]:
        answer = await self._sqs.receive_message(
            QueueUrl=self._queue,
            MaxNumberOfMessages=number,
            WaitTimeSeconds=wait,
            VisibilityTimeout=self._visibility,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        messages = answer.get("Messages", [])
        self._in_hand |= {message.get("ReceiptHandle", "") for message in messages}
        return [delivery(message, self._address) for message in messages]

    def _let_go(self, deliveries: Sequence[Delivery]) -> list[str]:
        """What of these is still ours."""
        handles = [each.token.handle for each in deliveries if isinstance(each.token, Receipt)]
        mine = [handle for handle in handles if handle in self._in_hand]
        self._in_hand.difference_update(mine)
        return mine

    def _raise_if_not_kept(self) -> None:
        """What nobody keeps from others would be handled by several."""
        if self._keeping.done() and not self.closed:
            error = None if self._keeping.cancelled() else self._keeping.exception()
            raise TransportError(
                f"AWS: messages in hand are not kept from other workers any more: {error!r}"
            ) from error

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._visibility / 3)
            try:
                await self._show(sorted(self._in_hand), self._visibility)
            except EdaError as error:  # credentials that have expired may be renewed, too
                log.warning("messages in hand may go to another worker: %s", error)

    async def _show(self, handles: Sequence[str], after: int = 0) -> None:
        """Let others see these, at once or in some seconds."""

        async def change(ten: Sequence[str]) -> Sequence[BatchResultErrorEntryTypeDef]:
            answer = await self._sqs.change_message_visibility_batch(
                QueueUrl=self._queue,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": after}
                    for number, handle in enumerate(ten)
                ],
            )
            return answer.get("Failed", [])

        await self._each_ten(handles, change, "keeping or releasing messages")

    async def _delete(self, ten: Sequence[str]) -> Sequence[BatchResultErrorEntryTypeDef]:
        answer = await self._sqs.delete_message_batch(
            QueueUrl=self._queue,
            Entries=[{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(ten)],
        )
        return answer.get("Failed", [])

    async def _each_ten(
        self,
        handles: Sequence[str],
        call: Callable[[Sequence[str]], Awaitable[Sequence[BatchResultErrorEntryTypeDef]]],
        doing: str,
    ) -> None:
        with aws_errors(doing):
            answers = await asyncio.gather(*(call(ten) for ten in tens(handles)))
        failed = [each for answer in answers for each in answer if each["Code"] not in GONE]
        if failed:
            raise TransportError(f"AWS: {doing} failed: {failed[0]['Code']} {failed[0].get('Message', '')}")


def tens(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
