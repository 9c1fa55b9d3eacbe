"""What a user's tools say about generated packages: each is run once, over a whole folder of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

__all__ = ["BLACK", "MYPY", "PYRIGHT", "RUFF", "import_everything", "run_in", "tree"]

BLACK = ("black", "--check", "--quiet", "--config", "/dev/null", ".")
RUFF = ("ruff", "check", "--isolated", "--no-cache", ".")
MYPY = ("mypy", "--strict", "--explicit-package-bases", "--namespace-packages", "--config-file", "", ".")
PYRIGHT = ("pyright", "--pythonpath", sys.executable, ".")

_IMPORT_EVERYTHING = """
import importlib, pathlib, sys
sys.path.insert(0, ".")
for path in sorted(pathlib.Path().rglob("*.py")):
    module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "model_json_schema"):
            value.model_json_schema()
"""


def run_in(folder: Path, command: tuple[str, ...]) -> str:
    """What `command` prints where it finds fault, nothing where it does not."""
    if command is PYRIGHT:
        (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "pythonVersion": "3.11"}))
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def import_everything(folder: Path) -> str:
    """Import every module and build every class, with warnings as errors; what goes wrong, or nothing."""
    command = [sys.executable, "-W", "error", "-c", _IMPORT_EVERYTHING]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stderr


def tree(folder: Path) -> dict[str, bytes]:
    """The files below a folder by path, without what tools left behind."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(files)
        if not {"__pycache__", ".mypy_cache"} & set(path.parts) and path.name != "pyrightconfig.json"
    }
