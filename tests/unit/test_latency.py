"""The time of a prediction is said coarsely, and what other programs do does not count."""

from collections.abc import Iterable

import pytest

from tabrail.evaluation import latency


class Clock:
    """A clock that only calls let go on."""

    def __init__(self, seconds: Iterable[float]) -> None:
        self.now, self.calls, self.takes = 0.0, 0, iter(seconds)

    def perf_counter(self) -> float:
        """Return the time."""
        return self.now

    def predict(self) -> None:
        """Take the next of the durations."""
        self.calls += 1
        self.now += next(self.takes)


def within(monkeypatch: pytest.MonkeyPatch, first: float, *others: float) -> tuple[int | None, int]:
    """Return the verdict on calls that take so long, the last for ever, and how many there were."""
    clock = Clock([first, *others, *[others[-1]] * 1000])
    monkeypatch.setattr(latency, "time", clock)
    monkeypatch.setattr(latency, "LONGEST_S", 0.3)
    return latency.within_ms(clock.predict), clock.calls


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (0.001, 2),
        (0.0021, 20),
        (0.019, 20),
        (0.1, 200),
        (1.9, 2000),
        (19.0, 20_000),
        (20.0, None),
        (99.0, None),
    ],
)
def test_the_lowest_limit_above_counts(
    monkeypatch: pytest.MonkeyPatch, seconds: float, verdict: int | None
) -> None:
    assert within(monkeypatch, seconds, seconds)[0] == verdict


def test_the_first_call_and_slow_ones_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert within(monkeypatch, 0.0001, 5.0, 5.0, 0.01, 5.0)[0] == 20


def test_slow_calls_are_few_and_quick_ones_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert within(monkeypatch, 9.0, 9.0)[1] == 1 + latency.FEWEST
    assert within(monkeypatch, 0.01, 0.01)[1] == pytest.approx(31, abs=1)
