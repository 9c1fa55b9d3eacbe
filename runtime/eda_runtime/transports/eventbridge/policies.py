"""Who may send to a queue, and which queues may give a dead letter queue what they give up. What is allowed already stays so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["allowed_rules", "policy_of", "redrive_allowed", "redrive_policy_of"]

ENCRYPTED, OURS = "OnlyEncrypted", "OurRules"
EVENTBRIDGE = {"Service": "events.amazonaws.com"}
SOURCE = "aws:SourceArn"
MOST_SOURCES = 10
"""Queues that a dead letter queue may be limited to."""


def policy_of(queue: str, rules: Sequence[str], there: str = "") -> str:
    """Nobody without encryption; and of EventBridge these rules alone, with those that the policy that is there allows.
    Statements of others stay."""
    statement = {"Principal": "*", "Action": "sqs:*", "Resource": queue}
    encrypted = {"Sid": ENCRYPTED, "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    ours = {
        "Sid": OURS,
        "Effect": "Allow",
        "Principal": EVENTBRIDGE,
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {SOURCE: list(dict.fromkeys((*allowed_rules(there), *rules)))}},
    }
    others = [each for each in statements(there) if each.get("Sid") not in (ENCRYPTED, OURS)]
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | encrypted, ours, *others]})


def allowed_rules(policy: str) -> list[str]:
    """The rules that may send to the queue of a policy."""
    return [
        rule
        for each in statements(policy)
        if each.get("Effect") == "Allow" and each.get("Principal") == EVENTBRIDGE
        for rule in several(each.get("Condition", {}).get("ArnEquals", {}).get(SOURCE, []))
    ]


def redrive_policy_of(sources: Sequence[str], there: str = "") -> str:
    """These queues, with those that may already; all of them where they are too many to be listed."""
    found = json.loads(there or "{}")
    listed = list(dict.fromkeys((*several(found.get("sourceQueueArns", [])), *sources)))
    if found.get("redrivePermission") == "allowAll" or len(listed) > MOST_SOURCES:
        return json.dumps({"redrivePermission": "allowAll"})
    return json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": listed})


def redrive_allowed(there: str, sources: Sequence[str]) -> bool:
    """Where nothing is said, every queue may."""
    found = json.loads(there or "{}")
    permission = found.get("redrivePermission", "allowAll")
    return permission == "allowAll" or (
        permission == "byQueue" and set(sources) <= set(several(found.get("sourceQueueArns", [])))
    )


def statements(policy: str) -> Iterator[Mapping[str, Any]]:
    found = json.loads(policy or "{}").get("Statement", [])
    yield from [found] if isinstance(found, Mapping) else found


def several(value: str | Sequence[str]) -> Sequence[str]:
    """AWS lets a list of one be written without brackets."""
    return [value] if isinstance(value, str) else value
