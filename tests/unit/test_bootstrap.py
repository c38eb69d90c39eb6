"""Replicates depend on the groups alone, and their interval covers what it says."""

import numpy as np
import pytest

from tabrail.data.identity import mixed
from tabrail.evaluation import bootstrap

HASHES = mixed(np.arange(1, 61, dtype=np.uint64))


def test_weights_are_the_same_for_ever() -> None:
    found = bootstrap.weights(np.array([1, 2, 3], dtype=np.uint64), 0, 4)
    assert found.tolist() == [[2, 0, 2], [1, 2, 1], [1, 1, 1], [3, 2, 2]]


def test_weights_have_the_poisson_distribution() -> None:
    found = bootstrap.weights(HASHES, 0, 5000)
    assert found.mean() == pytest.approx(1, abs=0.01)
    assert found.var() == pytest.approx(1, abs=0.02)
    for count, share in enumerate([0.3679, 0.3679, 0.1839, 0.0613, 0.0153]):
        assert np.mean(found == count) == pytest.approx(share, abs=0.004)


def test_groups_and_replicates_do_not_go_along_with_each_other() -> None:
    found = bootstrap.weights(HASHES, 0, 2000)
    by_group, by_replicate = np.corrcoef(found.T), np.corrcoef(found[:200])
    assert np.abs(by_group[np.triu_indices(60, 1)]).max() < 0.12
    assert np.abs(by_replicate[np.triu_indices(200, 1)]).mean() < 0.15


def test_a_group_counts_the_same_whoever_is_beside_it() -> None:
    alone = bootstrap.weights(HASHES[:1], 0, 100)
    assert (bootstrap.weights(HASHES, 0, 100)[:, :1] == alone).all()
    later = bootstrap.weights(HASHES, 40, 60)
    assert (bootstrap.weights(HASHES, 0, 100)[40:] == later).all()


def test_rows_of_a_group_count_alike_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.repeat(HASHES, 3)
    order = np.random.default_rng(0).permutation(len(groups))
    (whole,) = bootstrap.draw(groups, 50)
    (mixed_up,) = bootstrap.draw(groups[order], 50)
    assert (whole[:, order] == mixed_up).all()
    assert (whole[:, ::3] == whole[:, 2::3]).all()
    monkeypatch.setattr(bootstrap, "BATCH_CELLS", 7 * len(groups))
    assert (np.concatenate(list(bootstrap.draw(groups, 50))) == whole).all()


def test_the_interval_of_a_mean_is_that_of_student() -> None:
    values = np.random.default_rng(1).normal(size=60)
    (times,) = bootstrap.draw(HASHES, 4000)
    low, high = bootstrap.interval(times @ values / times.sum(axis=1), 60)
    half = 2.001 * values.std(ddof=1) / np.sqrt(60)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_fewer_groups_make_it_wider() -> None:
    replicates = np.random.default_rng(2).normal(size=1000)
    widths = [np.ptp(bootstrap.interval(replicates, groups)) for groups in (20, 60, 1000)]
    assert widths[0] > widths[1] > widths[2]


@pytest.mark.parametrize(("groups", "undefined"), [(19, 0), (60, 51), (60, 1000)])
def test_there_is_no_interval_of_too_little(groups: int, undefined: int) -> None:
    replicates = np.random.default_rng(3).normal(size=1000)
    replicates[:undefined] = np.nan
    assert np.isnan(bootstrap.interval(replicates, groups)).all()
    assert bootstrap.chance(-9.0, replicates, groups) == 1


def test_few_undefined_replicates_are_left_out() -> None:
    replicates = np.random.default_rng(3).normal(size=1000)
    replicates[:50] = np.nan
    assert np.isfinite(bootstrap.interval(replicates, 60)).all()


def test_the_chance_of_a_loss() -> None:
    replicates = np.random.default_rng(4).normal(size=100_000)
    assert bootstrap.chance(-2.001, replicates, 60) == pytest.approx(0.025, abs=0.001)
    assert bootstrap.chance(0.0, replicates, 60) == pytest.approx(0.5, abs=0.01)
    assert bootstrap.chance(1.0, replicates, 60) > 0.8
    assert bootstrap.chance(-1e-9, np.zeros(1000), 60) == 0
    assert bootstrap.chance(0.0, np.zeros(1000), 60) == 1
