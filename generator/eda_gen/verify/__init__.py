"""Verification of orchestrated sagas: every interleaving of a model, up to stated bounds. Pure: a saga in, a verdict out."""

from eda_gen.verify.check import orchestrated_sagas, verify
from eda_gen.verify.verdict import Fault, Moment, Property, Verdict
from eda_gen.verify.world import Bounds

__all__ = ["Bounds", "Fault", "Moment", "Property", "Verdict", "orchestrated_sagas", "verify"]
