"""State diagrams: one a saga."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.mermaid import label
from eda_gen.emit.diagrams.post import Post
from eda_gen.emit.diagrams.render import render
from eda_gen.model import MessageId, Saga, SagaStep, SagaStyle, Service
from eda_gen.passes.flows import followers, reachable
from eda_gen.rules.words import span_of_time

__all__ = ["state_diagram"]

MOST_MESSAGES = 100
"""States of a choreography that a diagram shows."""


def state_diagram(post: Post, service: Service, saga: Saga) -> Diagram:
    title = f"{saga.name}: its states"
    orchestrated = saga.style is SagaStyle.ORCHESTRATION
    lines = _Orchestration(post, saga).lines() if orchestrated else _choreography(post, saga)
    text = render("state.mmd", title=title, lines=list(lines))
    return Diagram(f"{saga.name}.states", title, text, (service.name,))


class _Orchestration:
    """A state a block of steps, one for undoing it, and the two ends."""

    def __init__(self, post: Post, saga: Saga) -> None:
        self._post = post
        self._saga = saga
        self._pivot = next(
            (n for n, block in enumerate(saga.steps) if any(s.pivot for s in _steps(block))), len(saga.steps)
        )

    def lines(self) -> Iterator[str]:
        blocks = self._saga.steps
        for number, block in enumerate(blocks):
            remark = "pivot" if block.pivot else "tried until it succeeds" if number > self._pivot else ""
            yield from _declared(block, f"s{number}", remark)
        for number in self._undoable():
            yield f'state "{label(f"undoing {blocks[number].name}")}" as u{number}'
        yield 'state "completed" as completed'
        if self._fails():
            yield 'state "failed" as failed'
        yield f"[*] --> {'s0' if blocks else 'completed'} : {self._names(self._saga.starts)}"
        for number, block in enumerate(blocks):
            yield from self._ways_on(number, block)
        yield from self._ways_back()
        yield f"completed --> [*] : {self._names(self._saga.completes)}"
        if self._fails():
            yield f"failed --> [*] : {self._names(self._saga.fails)}"

    def _ways_on(self, number: int, block: SagaStep) -> Iterator[str]:
        following = f"s{number + 1}" if number + 1 < len(self._saga.steps) else "completed"
        all_well = self._names(block.success) if not block.parallel else label("all have succeeded")
        yield f"s{number} --> {following} : {all_well}"
        if number > self._pivot:
            return
        troubles = [label(", ".join(map(self._post.named, step.failure))) for step in _steps(block) if step.failure]
        may_give_up = [step for step in _steps(block) if not step.pivot]
        late = [span_of_time(step.timeout) for step in may_give_up if step.timeout is not None]
        if not late and may_give_up and self._saga.timeout is not None:
            late = [span_of_time(self._saga.timeout)]
        troubles += [label("no reply within " + " or ".join(dict.fromkeys(late)))] if late else []
        if troubles:
            yield f"s{number} --> {self._back_from(number, block)} : {'<br/>'.join(dict.fromkeys(troubles))}"

    def _ways_back(self) -> Iterator[str]:
        undoable = self._undoable()
        for earlier, number in zip((None, *undoable), undoable, strict=False):
            undone = [self._post.named(step.compensate) for step in _steps(self._saga.steps[number]) if step.compensate]
            yield f"u{number} --> {f'u{earlier}' if earlier is not None else 'failed'} : {label(', '.join(dict.fromkeys(undone)))}"

    def _back_from(self, number: int, block: SagaStep) -> str:
        """What is undone first: the steps beside the one that failed, else the block before."""
        last = number if block.parallel else number - 1
        return next((f"u{each}" for each in reversed(self._undoable()) if each <= last), "failed")

    def _undoable(self) -> tuple[int, ...]:
        blocks = enumerate(self._saga.steps[: self._pivot + 1])
        found = tuple(number for number, block in blocks if any(step.compensate for step in _steps(block)))
        last = self._saga.steps[-1] if self._saga.steps else None
        is_last = last is not None and not last.parallel
        return tuple(n for n in found if not (is_last and n == len(self._saga.steps) - 1) and not self._is_pivot(n))

    def _is_pivot(self, number: int) -> bool:
        return number == self._pivot and not self._saga.steps[number].parallel

    def _fails(self) -> bool:
        reversible = self._saga.steps[: self._pivot + 1]
        steps = [step for block in reversible for step in _steps(block)]
        return self._saga.timeout is not None or any(step.failure or step.timeout is not None for step in steps)

    def _names(self, messages: tuple[MessageId, ...]) -> str:
        return label(" or ".join(map(self._post.named, messages)))


def _declared(block: SagaStep, name: str, remark: str) -> Iterator[str]:
    if not block.parallel:
        yield f'state "{label(block.name, remark)}" as {name}'
        return
    yield f'state "{label(block.name, remark)}" as {name} {{'
    for number, step in enumerate(block.parallel):
        if number:
            yield "    --"
        yield f'    state "{label(step.name, "pivot" if step.pivot else "")}" as {name}_{number}'
        yield f"    [*] --> {name}_{number}"
    yield "}"


def _choreography(post: Post, saga: Saga) -> Iterator[str]:
    """A state a message, and who leads from one to the next."""
    starts = tuple(post.graph.same[each] for each in saga.starts)
    ends = {post.graph.same[each] for each in (*saga.completes, *saga.fails)}
    shown = reachable(post.graph, starts)[:MOST_MESSAGES]
    ids = {message: f"m{number}" for number, message in enumerate(shown)}
    for message, name in ids.items():
        yield f'state "{label(post.named(message))}" as {name}'
    yield from (f"[*] --> {ids[start]}" for start in starts)
    for message, name in ids.items():
        if message in ends or not followers(post.graph, message):
            yield f"{name} --> [*]"
            continue
        for taker in post.graph.takers.get(message, ()):
            for cause in taker.causes:
                if cause in ids:
                    yield f"{name} --> {ids[cause]} : {label(f'{taker.service}.{taker.name}')}"


def _steps(block: SagaStep) -> tuple[SagaStep, ...]:
    return block.parallel or (block,)
