"""Each kind of change to the two specs beside this file: the edit, the rule that finds it, where, and whom it breaks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Kind"]

BACKWARD, FORWARD, BOTH, NOBODY = "backward", "forward", "full", ""


@dataclass(frozen=True, slots=True)
class Kind:
    """`edits` replace the first of each text by another. `at` is a text of the line, after the line that has `after`."""

    name: str
    rule: str
    breaks: str
    at: str
    edits: tuple[tuple[str, str], ...]
    file: str = "orders.yaml"
    after: str = ""
    content_model: str = "tolerant"


def edit(
    name: str, rule: str, breaks: str, old: str, new: str, at: str = "", file: str = "orders.yaml", after: str = "",
    content_model: str = "tolerant",
) -> Kind:  # fmt: skip
    return Kind(name, rule, breaks, at or new.strip().splitlines()[0], ((old, new),), file, after, content_model)


PAYMENTS = "payments.yaml"
KEY = "OrderClosed'}\n      x-eda: {kind: event, version: 1, key: $message.payload#/"
STEP = "        - name: audit\n"

SCHEMAS = (
    edit("a type narrows", "type", BACKWARD, "total: {type: number", "total: {type: integer", after="OrderPlacedV2:"),
    edit("a type widens", "type", FORWARD, "sku: {type: string}", "sku: {type: [string, 'null']}"),
    edit("a type becomes another", "type", BOTH, "sku: {type: string}", "sku: {type: integer}"),
    edit("a header's type becomes another", "type", BOTH, "tenant: {type: string}", "tenant: {type: integer}"),
    edit("a map's values become another type", "type", BOTH, "additionalProperties: {type: string}", "additionalProperties: {type: integer}"),
    edit("an enum loses a value", "allowed-values", BACKWARD, "[EUR, USD]", "[EUR]"),
    edit("an enum wins a value", "allowed-values", FORWARD, "[EUR, USD]", "[EUR, USD, GBP]"),
    edit("a const changes", "allowed-values", BOTH, "by: {const: card}", "by: {const: plastic}"),
    edit("a text must be longer", "length", BACKWARD, "minLength: 8", "minLength: 10"),
    edit("a text may be shorter", "length", FORWARD, "minLength: 8", "minLength: 4"),
    edit("a pattern changes", "pattern", BOTH, "'^[a-z]'", "'^[A-Z]'"),
    edit("a format goes", "format", FORWARD, "          type: string\n          format: date-time\n", "          type: string\n", at="placedAt:"),
    edit("a minimum rises", "range", BACKWARD, "minimum: 0", "minimum: 1"),
    edit("a multipleOf grows", "multiple-of", BACKWARD, "multipleOf: 1", "multipleOf: 2"),
    edit("an optional property comes", "property-added", NOBODY, "        currency:\n", "        region: {type: string}\n        currency:\n"),
    edit("a property comes to an open object", "property-added", BACKWARD, "        currency:\n", "        region: {type: string}\n        currency:\n", content_model="as-written"),
    Kind("a required property comes", "property-added", BACKWARD, "region: {type: string}", (
        ("required: [orderId, total]", "required: [orderId, total, region]"), ("        currency:\n", "        region: {type: string}\n        currency:\n"),
    )),
    edit("an optional property goes", "property-removed", NOBODY, "        currency:\n          type: string\n          enum: [EUR, USD]\n", "", at="OrderPlacedV2:", after="  schemas:"),
    Kind("a required property goes", "property-removed", FORWARD, "OrderPlacedV2:", (
        ("required: [orderId, total]", "required: [orderId]"), ("        total: {type: number, minimum: 0}\n", ""),
    )),
    edit("a property becomes required", "required", BACKWARD, "required: [orderId, total]", "required: [orderId, total, currency]"),
    edit("a property becomes optional", "required", FORWARD, "required: [orderId, total]", "required: [orderId]", at="OrderPlacedV2:", after="  schemas:"),
    edit("an object is closed", "additional-properties", BACKWARD, "additionalProperties: {type: string}", "additionalProperties: false", content_model="as-written"),
    edit("names of a pattern get a type", "pattern-properties", BOTH, "          additionalProperties: {type: string}\n", "          patternProperties: {'^x': {type: integer}}\n          additionalProperties: {type: string}\n"),
    edit("names get a rule", "property-names", BACKWARD, "          additionalProperties: {type: string}\n", "          propertyNames: {maxLength: 9}\n          additionalProperties: {type: string}\n"),
    edit("an object needs a property", "property-count", BACKWARD, "          additionalProperties: {type: string}\n", "          minProperties: 1\n          additionalProperties: {type: string}\n"),
    edit("a property demands another", "dependency", BACKWARD, "          additionalProperties: {type: string}\n", "          dependencies: {a: [b]}\n          additionalProperties: {type: string}\n"),
    edit("an array's elements lose their schema", "items", FORWARD, "          maxItems: 100\n          items: {$ref: '#/components/schemas/Line'}\n", "          maxItems: 100\n", at="lines:", after="OrderPlacedV2:"),
    edit("a position gets a schema", "item", BACKWARD, "[{type: number}, {type: number}]", "[{type: number}, {type: number}, {type: number}]"),
    edit("a tuple is closed", "additional-items", BACKWARD, "uniqueItems: false", "additionalItems: false"),
    edit("an array becomes shorter", "item-count", BACKWARD, "maxItems: 100", "maxItems: 50"),
    edit("an array's elements become unique", "unique-items", BACKWARD, "uniqueItems: false", "uniqueItems: true"),
    edit("an array must contain something", "contains", BACKWARD, "uniqueItems: false", "contains: {const: 1}"),
    edit("an alternative goes", "choice", BACKWARD, "            - {$ref: '#/components/schemas/Card'}\n", "", at="oneOf:"),
    edit("an alternative comes", "choice", FORWARD, "          oneOf:\n", "          oneOf:\n            - {type: string}\n", at="- {type: string}"),
    edit("something is excluded", "condition", BACKWARD, "    OrderPlacedV2:\n", "    OrderPlacedV2:\n      not: {required: [voided]}\n", at="not: {req"),
    edit("a value is forbidden", "forbidden", BACKWARD, "count: {type: integer, multipleOf: 1}", "count: false"),
    edit("a description comes", "annotation", NOBODY, "    Line:\n", "    Line:\n      description: One kind of thing in an order.\n", at="description: One"),
)  # fmt: skip

AVRO = (
    edit("an Avro int becomes a long", "avro-type", FORWARD, "type: int\n", "type: long\n"),
    edit("an Avro int becomes a string", "avro-type", BOTH, "type: int\n", "type: string\n", at="type: string", after="name: amount"),
    edit("an Avro field comes without a default", "avro-field", BACKWARD, "            - name: amount\n", "            - {name: place, type: string}\n            - name: amount\n"),
    edit("an Avro field comes with a default", "avro-field", NOBODY, "            - name: amount\n", "            - {name: place, type: string, default: ''}\n            - name: amount\n"),
    edit("an Avro enum loses a symbol", "avro-symbols", BACKWARD, "[METRE, GRAM]", "[METRE]"),
    edit("an Avro enum wins a symbol", "avro-symbols", FORWARD, "[METRE, GRAM]", "[METRE, GRAM, LITRE]"),
    edit("an Avro union loses a branch", "avro-union", BACKWARD, "type: ['null', string]\n              default: null", "type: string\n              default: ''", at="type: string", after="name: note"),
    edit("an Avro record gets another name", "avro-name", BOTH, "          name: Measured\n", "          name: Measurement\n", at="schema:", after="Measured.v1:\n"),
    edit("an Avro type gets another meaning", "avro-logical-type", BOTH, "type: int\n", "type: {type: int, logicalType: date}\n"),
)  # fmt: skip

PROTOBUF = (
    edit("a Protobuf number widens", "proto-type", FORWARD, "int32 count = 2", "int64 count = 2"),
    edit("a Protobuf type becomes another", "proto-type", BOTH, "int32 count = 2", "string count = 2"),
    edit("a Protobuf field gets another number", "proto-number", BOTH, "int32 count = 2", "int32 count = 7"),
    edit("a Protobuf field is no longer repeated", "proto-label", BOTH, "repeated string tags", "string tags"),
    edit("a Protobuf field goes and leaves its number free", "proto-unreserved", NOBODY, "            int32 count = 2;\n", "", at="message Counted"),
    edit("a Protobuf field goes and reserves its number", "proto-removed", NOBODY, "int32 count = 2;", "reserved 2;", at="message Counted"),
    edit("a reserved Protobuf number is used", "proto-reserved", BOTH, "reserved 9;", "string free = 9;"),
    edit("an open Protobuf enum loses a value", "proto-enum", NOBODY, "WHOLE = 1;", "", at="enum Kind"),
    Kind("a Protobuf field moves into a oneof", "proto-oneof", BOTH, "string id = 1", (
        ("            string id = 1;\n", ""), ("string person = 4", "string id = 1; string person = 4"),
    )),
    edit("a Protobuf field gets another name", "proto-name", NOBODY, "int32 count = 2", "int32 number = 2"),
    edit("a Protobuf message gets another name", "proto-message", BOTH, "message Counted {", "message Count {", at="schema: |"),
)  # fmt: skip

AROUND = (
    edit("a content type changes", "schema-format", BOTH, "contentType: application/json", "contentType: application/cbor"),
    edit("a message gets a schema", "payload", BACKWARD, "      name: OrderAudited\n", "      name: OrderAudited\n      payload: {type: object}\n", at="payload: {type: object}", after="OrderAudited.v1:\n"),
    Kind("a version of a message goes", "message-removed", BOTH, "messages:", (
        ("      OrderPlaced.v1: {$ref: '#/components/messages/OrderPlaced.v1'}\n", ""),
        ("    OrderPlaced.v1:\n      name: OrderPlaced\n      payload: {$ref: '#/components/schemas/OrderPlacedV1'}\n      x-eda: {kind: event, version: 1, key: $message.payload#/orderId}\n", ""),
        ("payments.yaml:       - {$ref: 'orders.yaml#/channels/orders/messages/OrderPlaced.v1'}\n", ""),
    ), after="\ncomponents:\n"),
    edit("a partition key changes", "key", BOTH, f"{KEY}orderId", f"{KEY}customerId", at="#/customerId"),
    edit("a dedupe key changes", "dedupe", BOTH, "dedupe: $message.payload#/orderId", "dedupe: $message.payload#/total"),
    edit("a correlation changes", "correlation", BOTH, "{location: $message.payload#/orderId}", "{location: $message.payload#/total}"),
    edit("a channel goes", "channel-removed", BOTH, "  unused:\n    address: sales.unused\n", "", at="channels:"),
    edit("an address changes", "address", BOTH, "address: sales.orders", "address: sales.order-events"),
    edit("partitions are added", "partitions", BOTH, "partitions: 12", "partitions: 24"),
    edit("a channel's order is given up", "ordering", BOTH, "ordering: key", "ordering: none"),
    edit("retention becomes shorter", "retention", FORWARD, "retention: P7D", "retention: P1D"),
    edit("a send operation goes", "operation-removed", FORWARD, "  publishMeasure:\n    action: send\n    channel: {$ref: '#/channels/measures'}\n", "", at="operations:"),
    edit("a receive operation goes", "operation-removed", BACKWARD, "  onMeasure:\n    action: receive\n    channel: {$ref: 'orders.yaml#/channels/measures'}\n", "", at="operations:", file=PAYMENTS),
    edit("a message is no longer sent", "operation-messages", FORWARD, "      - {$ref: '#/channels/orders/messages/OrderClosed.v1'}\n", "", at="messages:", after="publishOrder:"),
    edit("a message is no longer received", "operation-messages", BACKWARD, "      - {$ref: 'orders.yaml#/channels/orders/messages/OrderPlaced.v1'}\n", "", at="messages:", after="onOrderPlaced:", file=PAYMENTS),
    edit("an operation moves to another channel", "operation-channel", BOTH, "  onMeasure:\n    action: receive\n    channel: {$ref: 'orders.yaml#/channels/measures'}", "  onMeasure:\n    action: receive\n    channel: {$ref: 'orders.yaml#/channels/quotes'}", at="channel:", after="onMeasure:", file=PAYMENTS),
    edit("a consumer group changes", "group", BACKWARD, "group: payments-orders", "group: payments-2", file=PAYMENTS),
    edit("dead letters go elsewhere", "dead-letter", NOBODY, "address: money.orders.dlq", "address: money.dlq", file=PAYMENTS),
    edit("dead letters are kept for a shorter time", "dead-letter", NOBODY, "retention: P14D", "retention: P2D", file=PAYMENTS),
    edit("failures are skipped", "failure-policy", NOBODY, "onFailure: park-key", "onFailure: skip", file=PAYMENTS),
    edit("duplicates are known for a shorter time", "failure-policy", NOBODY, "idempotency: {window: P7D}", "idempotency: {window: P1D}", file=PAYMENTS),
    edit("the outbox is left", "outbox", NOBODY, "{outbox: true}", "{outbox: false}"),
    edit("a reply goes", "reply", FORWARD, "    reply:\n      channel: {$ref: '#/channels/answers'}\n      messages: [{$ref: '#/channels/answers/messages/QuoteGiven.v1'}]\n", "", at="answerQuote:"),
    edit("a saga goes", "saga-removed", BACKWARD, "    CloseOrder:\n", "    EndOrder:\n", at="sagas:"),
    edit("a saga's step goes", "saga-step", BACKWARD, STEP + "          send: {$ref: '#/components/messages/OrderAudited.v1'}\n          success: [{$ref: 'payments.yaml#/components/messages/Charged.v1'}]\n          timeout: PT30S\n", "", at="steps:"),
    edit("a saga's step comes", "saga-step", FORWARD, STEP, "        - name: wait\n          send: {$ref: '#/components/messages/OrderAudited.v1'}\n          success: [{$ref: 'payments.yaml#/components/messages/Charged.v1'}]\n          timeout: PT30S\n" + STEP),
    edit("a saga's step sends something else", "saga-step", BOTH, STEP + "          send: {$ref: '#/components/messages/OrderAudited.v1'}", STEP + "          send: {$ref: '#/components/messages/OrderClosed.v1'}", at="send:", after="name: audit"),
    edit("a saga completes otherwise", "saga-ends", BOTH, "completes: {$ref: '#/components/messages/OrderClosed.v1'}", "completes: {$ref: '#/components/messages/OrderAudited.v1'}"),
)  # fmt: skip

KINDS = (*SCHEMAS, *AVRO, *PROTOBUF, *AROUND)
