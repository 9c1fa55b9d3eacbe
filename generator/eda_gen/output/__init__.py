"""From files in memory to files on disk: formatted, only where they changed, and never over somebody's own edits."""

from eda_gen.output.plan import Change, Plan, plan_package
from eda_gen.output.write import write_plans

__all__ = ["Change", "Plan", "plan_package", "write_plans"]
