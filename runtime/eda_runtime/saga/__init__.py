"""Orchestrated sagas: a generated module states one, and the runtime carries its instances through."""

from eda_runtime.saga.definition import AnySaga, Receive, Saga, SagaState, Send, Step, present

__all__ = ["AnySaga", "Receive", "Saga", "SagaState", "Send", "Step", "present"]
