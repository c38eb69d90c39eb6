"""What the server refuses, `monitor` finds in the log."""

from pathlib import Path

from serving import served, typical
from trained import stand_in

from tabrail.monitoring import monitor


def test_requests_that_are_refused_as_a_whole_raise_an_alert(project: Path) -> None:
    """One column too many, and rows that are bad in different columns."""
    stand_in("binary", project)
    row = typical()
    wrong = [[row | {"more": 1}]] * 20
    wrong.append([row | {"age": 900}, row | {"city": None}, row])
    with served() as client:
        assert client.post("/predict", json={"rows": [row] * 60}).status_code == 200
        for one in wrong:
            assert client.post("/predict", json={"rows": one}).status_code == 422
    result = monitor.monitor([])
    [alert] = [one for one in result.alerts if one.check == "refused"]
    assert result.periods[-1].refused == 22
    assert result.periods[-1].requests == 22
    assert "most often request: unknown_column" in alert.what
