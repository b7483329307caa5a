"""4-plugin §3.6: an upgrade loses no event, and no key changes its order."""

import pytest
from conftest import PROGRAMS, Bench
from upgrading import upgrade_under_load


def test_an_upgrade_under_load_loses_and_reorders_nothing(bench: Bench) -> None:
    if not (PROGRAMS / "barid").exists():
        pytest.skip("there is no barid; build it with: swift build")
    result = upgrade_under_load(bench, events=3_000, rate=250)
    assert (result.lost, result.twice, result.reordered) == (0, 0, 0)
    assert result.by_old > 0 and result.by_new > 0
