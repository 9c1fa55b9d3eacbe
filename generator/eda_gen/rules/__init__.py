"""Lint: one file a group of rules, one function a rule."""

from eda_gen.rules.frame import Finding, Rule, Subject, chosen, installed_rules, lint, rule, subject_of

__all__ = ["Finding", "Rule", "Subject", "chosen", "installed_rules", "lint", "rule", "subject_of"]
