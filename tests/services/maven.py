"""Servers that are written in Java: Maven fetches what `<name>_pom.xml` beside this file lists, once."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["fetch", "folder"]


def folder(name: str) -> Path:
    """Where the files of a server are kept between runs."""
    return Path(__file__).parents[2] / "build" / name


def fetch(target: Path, goal: str, external: str) -> None:
    """Have Maven fill `target`; several test processes may ask at the same time. `external` is what to set instead."""
    if missing := [tool for tool in ("java", "mvn") if shutil.which(tool) is None]:
        pytest.fail(
            f"{target.name} needs {' and '.join(missing)} (Debian: apt-get install default-jre-headless maven);"
            f" {external} can name a server that runs already, and {external}=skip leaves it out",
            pytrace=False,
        )
    pom = Path(__file__).with_name(f"{target.name}_pom.xml")
    target.parent.mkdir(exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = target / "fetched"
        if not done.exists() or done.read_text() != pom.read_text():
            shutil.rmtree(target, ignore_errors=True)
            subprocess.run(("mvn", "-q", "-B", "-f", str(pom), goal, f"-DoutputDirectory={target}"), check=True)
            done.write_text(pom.read_text())
