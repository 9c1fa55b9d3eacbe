"""The shop's demo, on brokers: the same services, by `EDA_BROKER_URL` and `EDA_DATABASE_URL` alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DEMO_SECONDS = 120
IN_ORDER = "200 orders, 0 lost, 0 applied twice, 0 out of order per key, 1 dead-lettered"


@pytest.mark.xdist_group("kafka")
def test_the_shop_runs_on_kafka_with_postgresql(kafka_url: str, postgresql_url: str) -> None:
    assert last_line_of_demo(kafka_url, database=postgresql_url) == IN_ORDER


@pytest.mark.xdist_group("nats")
def test_the_shop_runs_on_nats(nats_url: str) -> None:
    assert last_line_of_demo(nats_url) == IN_ORDER


@pytest.mark.xdist_group("redis")
def test_the_shop_runs_on_redis(redis_url: str) -> None:
    assert last_line_of_demo(redis_url) == IN_ORDER


@pytest.mark.xdist_group("eventbridge")
def test_the_shop_runs_on_eventbridge(ministack_url: str) -> None:
    """Moto takes seconds for each of its batches."""
    assert last_line_of_demo(ministack_url) == IN_ORDER


@pytest.mark.xdist_group("pubsub")
def test_the_shop_runs_on_pubsub(pubsub_url: str) -> None:
    assert last_line_of_demo(pubsub_url) == IN_ORDER


@pytest.mark.xdist_group("rabbitmq")
def test_the_shop_runs_on_rabbitmq(rabbitmq_url: str) -> None:
    assert last_line_of_demo(rabbitmq_url) == IN_ORDER


def last_line_of_demo(url: str, *, database: str = "") -> str:
    demo = subprocess.run(
        [sys.executable, "-m", "examples.shop.demo"],
        cwd=REPOSITORY,
        env=os.environ | {"EDA_BROKER_URL": url, "EDA_DATABASE_URL": database, "EDA_LEASE_SECONDS": "2"},
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    return demo.stdout.splitlines()[-1]
