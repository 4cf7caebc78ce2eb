"""Hypothesis profiles: `dev` by default, `ci` where CI is set, others by HYPOTHESIS_PROFILE.

No profile has a deadline: the time of one example says more about the machine than about the code.
"""

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres import Postgres

settings.register_profile("dev", deadline=None, derandomize=False)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=False,
    max_examples=300,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deterministic", deadline=None, derandomize=True, database=None)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev")
)


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let what the tests start be interrupted, also where a shell runs them in the background and
    has whatever it runs there ignore it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Postgres]":
    from tests.postgres import Postgres

    with Postgres.running() as server:
        yield server
