"""The summary of a new table says what matters, each thing once."""

from tabrail.data.schema import Schema
from tabrail.ingest import summary
from tabrail.ingest.draft import Draft

COLUMNS = {
    "price": {"kind": "numeric"},
    "size": {"kind": "numeric"},
    "phone": {"kind": "identifier", "sensitive": True},
    "price_in_cents": {"kind": "ignored"},
    **{f"empty_{place}": {"kind": "ignored"} for place in range(20)},
}


def test_a_table_on_one_screen() -> None:
    schema = {"name": "Cars", "task": "regression", "target": "price", "columns": COLUMNS}
    draft = Draft(
        schema,
        files=["cars.csv"],
        reasons={"task": "many numbers"},
        column_reasons={"phone": "telephone numbers", "empty_0": "empty in all rows"},
        warnings=["price_in_cents is ignored. LEAK?"],
        rows=1000,
        unlabeled=3,
        alone={"size": 0.412, "price_in_cents": 1.0, "empty_0": 0.0, "phone": 0.1},
    )
    lines = summary.text(draft, Schema.model_validate(schema)).splitlines()
    assert lines[:6] == [
        "cars.csv: 1,000 rows, 24 columns",
        "  predicts     price (task: regression, many numbers)",
        "  learns from  1 column: 1 numeric",
        "  leaves out   phone (telephone numbers)",
        "  leaves out   price_in_cents (see the warning)",
        "  leaves out   empty_0 (empty in all rows)",
    ]
    assert not any("After an edit" in line for line in lines)  # nothing is to be edited
    assert lines[-4:] == [
        "  leaves out   and 10 more; see schema.yaml",
        "  best alone   size 0.412 (R² of the ranks by each column alone; a guess has 0)",
        "  drops        3 rows without a value of price",
        "  WARNING: price_in_cents is ignored. LEAK?",
    ]
