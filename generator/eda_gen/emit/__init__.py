"""From the model to files in memory. A target is one folder here, registered as an entry point of `eda_gen.targets`."""

from eda_gen.emit.target import Package, Target, UnknownTarget, load_target

__all__ = ["Package", "Target", "UnknownTarget", "load_target"]
