"""The tables of twelve use cases that courses teach, and what a project must make of each."""

from use_case_tables.case import Case, edited, learned, misunderstood, table, written
from use_case_tables.lending import FRAUD, LOANS
from use_case_tables.markets import CARS, HOUSES
from use_case_tables.messages import SPAM, TICKETS
from use_case_tables.operations import DELIVERIES, DEMAND, SENSORS
from use_case_tables.people import CHURN
from use_case_tables.taste import RATINGS, SONGS

__all__ = ["CASES", "Case", "edited", "learned", "misunderstood", "table", "written"]

CASES = {
    case.name: case
    for case in (
        *(HOUSES, CARS, CHURN, SPAM, TICKETS, FRAUD),
        *(LOANS, DEMAND, DELIVERIES, SENSORS, SONGS, RATINGS),
    )
}
