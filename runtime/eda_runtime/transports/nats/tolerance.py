"""A client that outlives headers which it cannot read.

A server hands out whatever block of headers a sender wrote, such as `NATS/1.0` and nothing else. The client's own reader ends with
what its parser raises, each time the message comes, and nobody on the connection hears anything any more.
"""

from __future__ import annotations

import logging

from nats.aio.client import Client

__all__ = ["TolerantClient"]

log = logging.getLogger(__name__)


class TolerantClient(Client):
    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        try:
            return await super()._process_headers(headers)
        except Exception as error:  # noqa: BLE001  it raises whatever befalls it
            log.warning("NATS: a message comes without its headers, which cannot be read: %r", error)
            return None
