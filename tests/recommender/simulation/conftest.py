"""Two artificial shops, made once: a small one to compare, the default one to judge."""

from __future__ import annotations

import pytest

from recommender.simulation.plan import Plan
from recommender.simulation.shop import Shop, simulate


@pytest.fixture(scope="session")
def small_plan() -> Plan:
    return Plan(products=160, shoppers=60, days=30, seed=7)


@pytest.fixture(scope="session")
def small_shop(small_plan: Plan) -> Shop:
    return simulate(small_plan)


@pytest.fixture(scope="session")
def shop() -> Shop:
    return simulate(Plan())
