"""Spam and support tickets: texts, with a column or two beside them."""

import numpy as np
import pandas as pd

from use_case_tables.case import Case, Draw, Texts
from use_case_tables.draws import addresses, gaps, gibberish, numbered, spelled

COMMON = [
    "please",
    "the",
    "you",
    "your",
    "we",
    "can",
    "today",
    "for",
    "with",
    "this",
    "from",
    "have",
    "need",
    "thanks",
    "about",
    "again",
    "our",
    "now",
    "new",
    "here",
    "team",
    "week",
    "time",
    "call",
    "mail",
    "send",
    "get",
    "would",
    "like",
]
SPAM_WORDS = [
    "free",
    "prize",
    "winner",
    "cash",
    "click",
    "offer",
    "limited",
    "claim",
    "bonus",
    "urgent",
    "guaranteed",
    "loan",
]
HAM_WORDS = [
    "meeting",
    "lunch",
    "report",
    "project",
    "agenda",
    "family",
    "dinner",
    "notes",
    "draft",
    "holiday",
    "train",
]
QUEUES = {
    "billing": [
        "invoice",
        "refund",
        "charged",
        "payment",
        "card",
        "receipt",
        "price",
        "twice",
        "amount",
        "bank",
    ],
    "access": [
        "password",
        "login",
        "locked",
        "account",
        "reset",
        "code",
        "token",
        "signin",
        "expired",
        "email",
    ],
    "delivery": [
        "parcel",
        "courier",
        "late",
        "tracking",
        "address",
        "shipped",
        "box",
        "missing",
        "depot",
        "arrive",
    ],
    "fault": [
        "crash",
        "error",
        "broken",
        "screen",
        "freezes",
        "slow",
        "bug",
        "update",
        "restart",
        "version",
    ],
}
AGENTS = {"billing": "bea", "access": "al", "delivery": "dot", "fault": "fred"}


def text(draw: Draw, topic: list[str], words: int, share: float) -> str:
    """Return words, of which a share is of a topic."""
    of_topic = draw.random(words) < share
    return " ".join(
        str(draw.choice(topic)) if is_topic else str(draw.choice(COMMON)) for is_topic in of_topic
    ).capitalize()


def spam(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return messages, of which some are unwanted."""
    unwanted = draw.random(rows) < 0.25
    texts = [
        text(draw, SPAM_WORDS if is_spam else HAM_WORDS, int(draw.integers(8, 30)), 0.2)
        for is_spam in unwanted
    ]
    return pd.DataFrame(
        {
            "sender": addresses(draw, rows),
            "received": when.strftime("%Y-%m-%d %H:%M"),
            "links": gaps(draw, draw.poisson(np.where(unwanted, 1.5, 0.6)), 0.04).astype("Int64"),
            "message": texts,
            "label": np.where(unwanted, "spam", "ham"),
        }
    )


def tickets(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return tickets of a help desk, each for one of four queues."""
    queue = draw.choice(list(QUEUES), rows, p=[0.35, 0.3, 0.2, 0.15])
    texts = [text(draw, QUEUES[name], int(draw.integers(8, 25)), 0.18) for name in queue]
    solved = when + pd.to_timedelta(draw.integers(30, 8000, rows), "min")
    return pd.DataFrame(
        {
            "ticket_id": numbered(draw, "T-", rows),
            "customer_email": addresses(draw, rows),
            "opened": when.strftime("%Y-%m-%d %H:%M"),
            "resolved": solved.strftime("%Y-%m-%d %H:%M"),
            "channel": spelled(draw, draw.choice(["mail", "chat", "phone"], rows)),
            "description": texts,
            "agent": [AGENTS[name] for name in queue],
            "queue": queue,
        }
    )


def other_messages(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return messages of which half are letters in no order."""
    strange = pd.Series(gibberish(draw, len(rows)))
    return rows.assign(message=rows["message"].mask(draw.random(len(rows)) < 0.5, strange))


def other_tickets(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return tickets of which half are letters in no order."""
    strange = pd.Series(gibberish(draw, len(rows)))
    return rows.assign(description=rows["description"].mask(draw.random(len(rows)) < 0.5, strange))


SPAM = Case(
    name="spam",
    target="label",
    task="binary",
    make=spam,
    shift=other_messages,
    alerts=("texts message: known words",),
    kinds={"message": "text", "received": "datetime", "links": "numeric"},
    left_out=("sender",),
    sensitive=("sender",),
    warned=(),
    broken={"links": "none at all", "message": 12},
    strange={"message": "qwrtz plmnb vxckj hgfds zzkqw"},
    said="message",
    goal=("roc_auc", "at_least", 0.9),
    texts=Texts(
        problem="Readers lose time with messages that they have not asked for.",
        users="The mail server moves what is surely spam into another folder.",
        source="The rows are drawn by a program from a fixed seed, and nobody has sent them.",
        people="Senders are invented, so nobody has agreed to anything.",
        later="The label is known when a reader has said so.",
        harm="A message in the wrong folder may be read a day later.",
        limits="Not for deleting messages, and not for judging who has sent them.",
    ),
)

TICKETS = Case(
    name="tickets",
    target="queue",
    task="multiclass",
    make=tickets,
    shift=other_tickets,
    alerts=("texts description: known words",),
    kinds={"ticket_id": "identifier", "description": "text", "opened": "datetime"},
    left_out=("ticket_id", "customer_email", "agent"),
    sensitive=("customer_email",),
    warned=("agent is ignored. LEAK", "resolved: it is later than opened"),
    edits=((r"^  resolved: \{.*?\}", "  resolved: {kind: ignored}"),),
    broken={"opened": "yesterday", "channel": ["mail"]},
    strange={"description": "qwrtz plmnb vxckj hgfds zzkqw"},
    said="description",
    goal=("roc_auc_ovr", "at_least", 0.8),
    texts=Texts(
        problem="A ticket in the wrong queue waits for a day before somebody moves it.",
        users="The help desk lets a ticket begin in the queue that is predicted.",
        source="The rows are drawn by a program from a fixed seed, and nobody has sent them.",
        people="Customers are invented, so nobody has agreed to anything.",
        later="The agent and the time of the solution are known afterwards.",
        harm="A ticket in the wrong queue waits for a day.",
        limits="Not for measuring agents.",
    ),
)
