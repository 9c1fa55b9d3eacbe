"""What `eda run` runs in tests: a handler that takes as many milliseconds as its event's number says."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.integration.runtime.support import Context, Placed, create_app, note

from eda_runtime import Settings

settings = Settings.from_environment()


async def slowly(event: Placed, ctx: Context) -> None:
    print(f"begins {event.number}", flush=True)
    await asyncio.sleep(event.number / 1000)
    if event.key == "bad":
        raise RuntimeError("bad")
    await note(event, ctx)


app = create_app(settings.database_url, slowly)
app.settings = replace(app.settings, grace=settings.grace, broker_url=settings.broker_url)
