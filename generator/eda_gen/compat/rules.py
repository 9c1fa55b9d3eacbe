"""Every kind of change that is looked for: one entry each.

Numbers from 400 on belong to the lint rules about versions, those from 490 on to what is wrong in `x-eda` about them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from eda_gen.compat.difference import Rule

__all__ = ["RULES", "rule"]

_ADD_VERSION: Final = "keep this version as it is, and add the next version of the message beside it"
_BOTH_FIRST: Final = "let every reader accept both first, then change the writers, then drop the old one"

# fmt: off
RULES: Final = (
    # JSON Schema
    Rule("EDA415", "type", "A value's allowed types changed: a type taken away breaks backward, a type added breaks forward.", _ADD_VERSION),
    Rule("EDA416", "allowed-values", "An `enum` or `const` changed: a value taken away breaks backward, a value added breaks forward.", _BOTH_FIRST),
    Rule("EDA417", "length", "`minLength` or `maxLength` changed: tighter breaks backward, looser breaks forward.", _BOTH_FIRST),
    Rule("EDA418", "pattern", "A `pattern` changed: a new one breaks backward, a removed one breaks forward, another one breaks both.", _ADD_VERSION),
    Rule("EDA419", "format", "A `format` changed: readers that check formats, as generated ones do, refuse what does not fit.", _ADD_VERSION),
    Rule("EDA420", "range", "A number's `minimum` or `maximum` changed: tighter breaks backward, looser breaks forward.", _BOTH_FIRST),
    Rule("EDA421", "multiple-of", "A number's `multipleOf` changed: what is no longer a multiple breaks.", _BOTH_FIRST),
    Rule(
        "EDA422", "property-added", "A property was added: breaks backward where it is required, or where old data may hold another value under its name.",
        "make it optional, or give it to the next version of the message",
    ),
    Rule(
        "EDA423", "property-removed", "A property was removed: breaks forward where old readers require it, backward where new readers refuse it.",
        "deprecate it, let every reader do without it, then remove it",
    ),
    Rule(
        "EDA424", "required", "A property became required (breaks backward: old data may lack it) or optional (breaks forward: old readers need it).",
        "keep it optional, and let readers fill in a default",
    ),
    Rule("EDA425", "additional-properties", "What an object may hold beside its named properties changed: less breaks backward, more breaks forward.", _BOTH_FIRST),
    Rule("EDA426", "pattern-properties", "A rule for property names that match a pattern was added, removed or changed.", _BOTH_FIRST),
    Rule("EDA427", "property-names", "`propertyNames` was added (breaks backward) or removed (breaks forward).", _BOTH_FIRST),
    Rule("EDA428", "property-count", "`minProperties` or `maxProperties` changed: tighter breaks backward, looser breaks forward.", _BOTH_FIRST),
    Rule("EDA429", "dependency", "What a property's presence demands changed: more breaks backward, less breaks forward.", _BOTH_FIRST),
    Rule("EDA430", "unevaluated", "A schema with `unevaluatedProperties` or `unevaluatedItems` changed in a way that cannot be proved harmless.", _ADD_VERSION),
    Rule(
        "EDA431", "required-not-judged", "A property became required that schema registries do not judge: no property of that name is declared, or it has a default.",
        "validators refuse old data that lacks it: keep it optional", caution=True,
    ),
    Rule("EDA432", "items", "What an array's elements may be changed as a whole: `items` was added (breaks backward) or removed (breaks forward).", _BOTH_FIRST),
    Rule("EDA433", "item", "An element's position was described or no longer described: breaks where the rest of the array allowed something else.", _ADD_VERSION),
    Rule("EDA434", "additional-items", "What an array may hold after its described positions changed: less breaks backward, more breaks forward.", _BOTH_FIRST),
    Rule("EDA435", "item-count", "`minItems` or `maxItems` changed: tighter breaks backward, looser breaks forward.", _BOTH_FIRST),
    Rule("EDA436", "unique-items", "`uniqueItems` was set (breaks backward) or dropped (breaks forward).", _BOTH_FIRST),
    Rule("EDA437", "contains", "What an array must contain changed: more breaks backward, less breaks forward.", _BOTH_FIRST),
    Rule("EDA438", "choice", "An alternative of a `oneOf` or `anyOf` was removed (breaks backward) or added (breaks forward).", _BOTH_FIRST),
    Rule(
        "EDA439", "overlap", "Alternatives of a `oneOf` may now both match, and `oneOf` refuses a value that matches two.",
        "tell them apart by a required property with a `const`, or use `anyOf`",
    ),
    Rule("EDA440", "condition", "An `if`, `then`, `else` or `not` changed in a way that cannot be proved harmless.", _ADD_VERSION),
    Rule("EDA441", "forbidden", "A value was forbidden altogether (breaks backward) or is no longer forbidden (breaks forward).", _ADD_VERSION),
    Rule("EDA442", "annotation", "A description changed that no reader acts on: title, description, examples, default.", "nothing to do"),
    Rule("EDA443", "combination", "The schema is combined by another keyword (`allOf`, `anyOf`, `oneOf`), which by itself changes nothing.", "nothing to do"),
    Rule("EDA444", "not-comparable", "A part changed that cannot be compared, so that it counts as a break.", _ADD_VERSION),
    # Avro
    Rule("EDA445", "avro-type", "An Avro type changed to one that schema resolution does not promote.", _ADD_VERSION),
    Rule("EDA446", "avro-field", "An Avro field was added or removed: the reader needs a default for a field that the writer does not write.", "give the field a default"),
    Rule("EDA447", "avro-symbols", "An Avro enum's symbols changed: a reader without the symbol, and without an enum default, fails.", "give the enum a default"),
    Rule("EDA448", "avro-union", "A branch of an Avro union was removed (breaks backward) or added (breaks forward).", _BOTH_FIRST),
    Rule("EDA449", "avro-name", "An Avro record, enum or fixed was renamed without an alias.", "list the old name under `aliases`"),
    Rule("EDA450", "avro-logical-type", "An Avro logical type changed: the bytes are read, and mean something else.", _ADD_VERSION),
    # Protobuf
    Rule("EDA451", "proto-number", "A Protobuf field was given another number: its old values are lost.", "give the old number back"),
    Rule("EDA452", "proto-type", "A Protobuf field's type changed to one of another encoding or meaning.", "add a field with a new number"),
    Rule("EDA453", "proto-label", "A Protobuf field's label changed between single, repeated, required and map.", "add a field with a new number"),
    Rule("EDA454", "proto-removed", "A Protobuf field was removed and its number reserved: readers see its default.", "nothing to do"),
    Rule("EDA455", "proto-reserved", "A Protobuf field number or name that was reserved is used again.", "take a new number"),
    Rule("EDA456", "proto-enum", "A Protobuf enum's values changed: a closed (proto2) enum's reader drops what it does not know.", _BOTH_FIRST, caution=True),
    Rule("EDA457", "proto-oneof", "A Protobuf field moved into, out of or between `oneof` groups: a set value may be cleared.", "add a field with a new number"),
    Rule("EDA458", "proto-name", "A Protobuf field was renamed: the binary form stays, JSON readers lose it.", "keep the name, or set `json_name`", caution=True),
    Rule("EDA459", "proto-message", "A Protobuf message was renamed or removed.", _ADD_VERSION),
    Rule("EDA460", "proto-required", "A required Protobuf field was added or removed: a reader that requires it refuses data without it.", "make it optional"),
    Rule("EDA461", "proto-unreserved", "A Protobuf field was removed without reserving its number, which can be taken again by mistake.", "reserve the number and the name", caution=True),
    # Around the payload
    Rule("EDA462", "schema-format", "A payload changed its schema language or content type: its bytes are read by another decoder.", _ADD_VERSION),
    Rule("EDA463", "payload", "A message gained a payload schema (breaks backward) or lost it (breaks forward).", _ADD_VERSION),
    Rule("EDA464", "message-removed", "A message version is gone: those who still receive it, or still send it, are left alone.", "deprecate it with a sunset, and remove it when nobody uses it"),
    Rule("EDA465", "version-added", "A new version of a message stands beside the ones before it.", "send both versions until every reader knows the new one"),
    Rule("EDA466", "message-type", "A message's CloudEvents type changed: consumers choose by type, and no longer know it.", "keep name, version and domain"),
    Rule("EDA467", "key", "A message's partition key changed: events of one entity before and after the change lose their order.", "drain the channel before the change, or use a new channel"),
    Rule("EDA468", "dedupe", "A message's dedupe key changed: a redelivery across the change is taken for a new message.", "wait for the idempotency window between the two, or use the next version"),
    Rule("EDA469", "correlation", "A message's correlation changed: sagas and replies under way are not found again.", "let what is under way end first"),
    Rule("EDA470", "channel-removed", "A channel is gone: those who send to it or receive from it are left alone.", "keep the channel until its last user is gone"),
    Rule("EDA471", "address", "A channel's address or its parameters changed: senders and receivers no longer meet.", "send to both addresses until every reader has moved"),
    Rule("EDA472", "partitions", "A channel's number of partitions changed: a key's later events go to another partition, and their order is lost.", "drain the channel before the change, or use a new channel"),
    Rule("EDA473", "ordering", "A channel's ordering changed: readers that rely on the order of a key lose it, or wait where they did not.", "use a new channel"),
    Rule("EDA474", "retention", "A channel keeps messages for a shorter time: readers that are down for longer lose messages.", "keep it at least as long as the longest outage and replay", caution=True),
    Rule("EDA475", "service-removed", "A service is gone with all its operations.", "keep it until nobody sends to it or receives from it"),
    Rule("EDA476", "operation-removed", "An operation is gone: what it sent is no longer sent, what it received is no longer handled.", "deprecate it, and remove it when nobody depends on it"),
    Rule("EDA477", "operation-messages", "An operation no longer sends or no longer receives a message.", "send or receive both until the other side has moved"),
    Rule("EDA478", "operation-channel", "An operation moved to another channel or changed its direction.", "add an operation, and remove the old one later"),
    Rule("EDA479", "group", "A receive operation's consumer group changed: the new group starts from its own position, and messages are skipped or read again.", "keep the group, or set the new group's position first"),
    Rule("EDA480", "dead-letter", "A receive operation's dead letters go to another address, or are kept for a shorter time.", "empty the old dead letters first", caution=True),
    Rule("EDA481", "failure-policy", "A receive operation handles failures otherwise: order behind a failed message, or the time in which duplicates are known, changed.", "wait until nothing is parked", caution=True),
    Rule("EDA482", "reply", "What an operation answers, or where, changed.", "answer in the old way until every caller has moved"),
    Rule("EDA483", "saga-removed", "A saga is gone while instances of it may be under way.", "let its instances end first"),
    Rule("EDA484", "saga-step", "A saga's steps changed while instances may be under way: a removed, moved or changed step breaks backward, an added one forward.", "let instances end first, or give the saga a new name"),
    Rule("EDA485", "saga-ends", "How a saga starts, correlates, completes or fails changed.", "let instances end first, or give the saga a new name"),
    Rule("EDA486", "outbox", "A send operation no longer goes through the outbox: a crash between commit and send loses the message.", "set `outbox: true`", caution=True),
    # About the comparison
    Rule("EDA487", "accept-unused", "An accepted break is not among the changes, in this mode at least.", "remove the entry once the break is part of history"),
    Rule("EDA488", "state-unreadable", "An earlier state of the specs cannot be read, so that nothing can be compared with it.", "compare with a state that `validate` accepts"),
)
# fmt: on

_BY_NAME: Final = MappingProxyType({each.name: each for each in RULES})


def rule(name: str) -> Rule:
    """The rule of that name."""
    return _BY_NAME[name]
