"""604 to 623: what orchestrated sagas send, and which replies they wait for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from eda_gen.diagnostics import Severity
from eda_gen.model import Kind, MessageId, SagaStep
from eda_gen.passes.flows import cycles
from eda_gen.passes.sagas import steps_of_saga
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.sagas import orchestrated
from eda_gen.rules.words import listed, named


@rule("EDA604", severity=Severity.ERROR)
def saga_command_without_handler(subject: Subject) -> Iterator[Finding]:
    """A saga sends a command or a compensation that no service of the workspace receives.

    The step waits until its time-out, each time.
    """
    for saga in orchestrated(subject):
        for step in steps_of_saga(saga.steps):
            for each in (step.send, step.compensate):
                if each is not None and not subject.graph.takers.get(subject.graph.same[each]):
                    told = f"`{step.name}` of `{saga.name}` sends {named(subject.catalog, each)}, which no service receives"
                    yield Finding(
                        step.span, told, "add its handler's document to the workspace, or a receive operation"
                    )


@rule("EDA605", severity=Severity.ERROR)
def reply_that_nobody_sends(subject: Subject) -> Iterator[Finding]:
    """A step waits for a reply that no service of the workspace sends."""
    for saga in orchestrated(subject):
        for step in steps_of_saga(saga.steps):
            for each in (*step.success, *step.failure, *step.compensated):
                if not subject.graph.senders.get(subject.graph.same[each]):
                    told = f"`{step.name}` of `{saga.name}` waits for {named(subject.catalog, each)}, which no service sends"
                    yield Finding(step.span, told, "add a send operation to the command's handler")


@rule("EDA606", severity=Severity.ERROR)
def reply_that_no_step_takes(subject: Subject) -> Iterator[Finding]:
    """The handler of a step's command may answer with a message that the step neither takes as success nor as failure.

    The saga then waits for its time-out although the answer is there. What other services receive counts as an event.
    """
    for saga in orchestrated(subject):
        for step in steps_of_saga(saga.steps):
            expected = {subject.graph.same[each] for each in (*step.success, *step.failure)}
            for each in _answers(subject, step):
                if each not in expected and not subject.graph.takers.get(each):
                    told = f"`{step.name}` of `{saga.name}` may be answered by {named(subject.catalog, each)}, which it does not take"
                    yield Finding(step.span, told, "list it under `success` or `failure`")


@rule("EDA607", severity=Severity.ERROR)
def success_and_failure_share_a_message(subject: Subject) -> Iterator[Finding]:
    """One message is success and failure: of one step, or of the whole saga.

    Nobody can tell which of the two has happened.
    """
    for saga in orchestrated(subject):
        pairs = [(f"step `{each.name}`", each.success, each.failure, each.span) for each in steps_of_saga(saga.steps)]
        for what, good, bad, span in (*pairs, ("the saga", saga.completes, saga.fails, saga.span)):
            for each in sorted(set(good) & set(bad)):
                told = f"in `{saga.name}`, {named(subject.catalog, each)} means both success and failure of {what}"
                yield Finding(span, told, "give each outcome a message of its own")


@rule("EDA608", severity=Severity.ERROR)
def parallel_steps_share_a_reply(subject: Subject) -> Iterator[Finding]:
    """Steps that run side by side wait for the same reply.

    When it comes, nobody can tell which of them it answers.
    """
    for saga in orchestrated(subject):
        for block in saga.steps:
            for one, other in combinations(block.parallel, 2):
                shared = {*one.success, *one.failure} & {*other.success, *other.failure}
                if shared:
                    names = listed(tuple(named(subject.catalog, each) for each in sorted(shared)))
                    told = f"`{one.name}` and `{other.name}` of `{saga.name}` both wait for {names}"
                    yield Finding(other.span, told, "give each a reply of its own, or run them one after the other")


@rule("EDA615", severity=Severity.ERROR)
def success_missing(subject: Subject) -> Iterator[Finding]:
    """A step names no reply that means success.

    The saga cannot go on after it.
    """
    for saga in orchestrated(subject):
        for step in steps_of_saga(saga.steps):
            if step.send is not None and not step.success:
                told = f"`{step.name}` of `{saga.name}` knows no success"
                yield Finding(step.span, told, "add `success: [{$ref: …}]`, a message that the command's handler emits")


@rule("EDA618")
def start_that_nobody_sends(subject: Subject) -> Iterator[Finding]:
    """A saga starts with a message that no service of the workspace sends."""
    for saga in orchestrated(subject):
        for each in saga.starts:
            if not subject.graph.senders.get(subject.graph.same[each]):
                told = f"`{saga.name}` starts with {named(subject.catalog, each)}, which no service sends"
                yield Finding(saga.span, told, "add its sender's document to the workspace, or a send operation")


@rule("EDA623", severity=Severity.ERROR)
def cycle_of_commands(subject: Subject) -> Iterator[Finding]:
    """Commands cause one another in a circle, directly or through the sagas that they start.

    A business transaction that starts itself again never ends.
    """
    for circle in cycles(subject.graph):
        if any(subject.catalog.messages[each].kind in (Kind.COMMAND, Kind.QUERY) for each in circle):
            names = [named(subject.catalog, each) for each in (*circle, circle[0])]
            at = subject.graph.takers[circle[0]][0].span
            yield Finding(
                at, f"commands go round in a circle: {' → '.join(names)}", "break it where one does not need the other"
            )


def _answers(subject: Subject, step: SagaStep) -> Iterator[MessageId]:
    """What may come back: what the command's handlers emit, or what the saga ends with that it starts."""
    command = subject.graph.same[step.send] if step.send is not None else None
    nested = {saga.name: saga for saga in orchestrated(subject)}
    for taker in subject.graph.takers.get(command, ()) if command is not None else ():
        inner = nested.get(taker.name) if taker.group is None else None
        yield from taker.causes if inner is None else (*inner.completes, *inner.fails)
