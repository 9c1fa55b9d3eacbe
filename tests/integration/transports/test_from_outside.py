"""A transport that another distribution brings: its entry point is all that the runtime needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
APP = "tests.integration.runtime.slow_service:app"
MODULE = """
from eda_runtime.settings import Settings
from eda_runtime.transports import Transport
from eda_runtime.transports.log import open_transport as open_log


async def open_transport(url: str, settings: Settings) -> Transport:
    print(f"a pigeon flies to {url}")
    return await open_log(url.replace("pigeon:", "sqlite:"), settings)
"""
METADATA = "Metadata-Version: 2.1\nName: pigeon\nVersion: 1.0\n"
ENTRY_POINTS = "[eda_runtime.transports]\npigeon = pigeon_post:open_transport\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder like site-packages, with one distribution that brings the scheme `pigeon`."""
    site = tmp_path / "site"
    info = site / "pigeon-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "pigeon_post.py").write_text(MODULE)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


def eda(folder: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    urls = {
        "EDA_DATABASE_URL": f"sqlite:///{folder / 'service.db'}",
        "EDA_BROKER_URL": f"pigeon:///{folder / 'loft.db'}",
    }
    return subprocess.run(
        [str(Path(sys.executable).parent / "eda"), *arguments],
        cwd=ROOT,
        env=os.environ | urls | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_scheme_from_outside_is_used_like_ours(site: Path, tmp_path: Path) -> None:
    refused = eda(tmp_path, site, "run", APP)
    provisioned = eda(tmp_path, site, "provision", APP)
    status = eda(tmp_path, site, "status", APP)

    assert "channel orders (4 partition(s))" in refused.stderr
    assert "a pigeon flies to pigeon:///" in provisioned.stdout
    assert "create    channel orders" in provisioned.stdout
    assert "shop.onPlaced: lag 0" in status.stdout


def test_without_its_distribution_the_scheme_is_unknown(tmp_path: Path) -> None:
    result = eda(tmp_path, tmp_path, "provision", APP)

    assert result.returncode == 2
    assert "no transport for pigeon:// is installed" in result.stderr
