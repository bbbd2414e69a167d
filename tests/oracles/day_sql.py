"""The day a second time in SQL, by DuckDB from the files: open amounts, credit, ageing, stages, next steps, counters.

Written from docs/strategy.md and the docstrings of the engine. Set by set, so that a whole book can be compared row by
row, and its cost be told beside the engine's. It knows no lists of open items, no ladder of a whole debtor (level
`debtor`), and one promise per debtor and currency; `refuse_unknown` says so of a book.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb

from dunwell.core.money import DIGITS
from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf, columns_of
from dunwell.rulebook.strategy import Level, Strategy, Treatment

NOTICE, CALL, SECOND_DUNNING, LAWYER_LETTER = 10, 30, 50, 70
_MEETINGS = {30: "call_date", 60: "person_date", 80: "mediation_date"}
COUNTED = ("sent", "unknown", "reached", "dropped", "message_left", "no_answer", "not_connected", "wrong_person")
FILES = (
    "debtors", "receivables", "payments", "promises", "disputes", "holds", "contacts", "contact_items", "steps",
    "observations", "open_item_days",
)  # fmt: skip


def opened(folder: Path, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that sees the files of a folder as tables. What does not fit in memory goes to the folder."""
    connection = duckdb.connect(config={"temp_directory": str(folder / ".duckdb")})
    if threads:
        connection.execute(f"SET threads = {threads}")
    for name in FILES:
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder / f'{name}.parquet'}'")
    return connection


def refuse_unknown(connection: duckdb.DuckDBPyConnection, strategy: Strategy) -> None:
    """AssertionError where the book or the strategy has what this cannot tell."""
    assert strategy.level is not Level.DEBTOR, "level debtor"
    for what, sql in (
        ("ledger", "SELECT count(*) FROM payments WHERE source_kind = 'ledger'"),
        ("lists", "SELECT count(*) FROM receivables WHERE open_as_of_date IS NOT NULL"),
        ("promises", "SELECT count(*) - count(DISTINCT (debtor_id, currency)) FROM promises"),
    ):
        row = connection.execute(sql).fetchone()
        assert row == (0,), what


def work_out(connection: duckdb.DuckDBPyConnection, strategy: Strategy, day: date, grace_of_promises: int) -> None:
    """Make the tables `items` and `lines`, and `ageing`.

    grace_of_promises   days after a promise's due day in which its money still counts

    items    receivable_id, debtor_id, currency, open_minor, demand_minor, net_minor, days_past_due, reached,
             next_stage, next_date, due_now, for_person
    lines    debtor_id, currency, and the columns of `LINES`
    """
    steps = Steps(strategy)
    today = f"DATE '{day}'"
    wanted = {name for condition in steps.conditions for name in columns_of(condition)}
    for name, sql in (
        ("known", _KNOWN),
        ("owed", _OWED),
        ("money", _MONEY),
        ("claims", _CLAIMS),
        ("used", _USED),
        ("open_rows", _OPEN),
        ("open_items", _NET if strategy.netting else _NET_WITHOUT),
        ("history", _HISTORY),
        ("placed", _placed(strategy)),
        ("messages", _MESSAGES),
        ("promised", _promised(grace_of_promises)),
        ("events", _EVENTS),
        ("about", _about(wanted, strategy.grace_days)),
        ("ladders", steps.ladders()),
        ("treatments", steps.table()),
        ("items", steps.items(strategy.grace_days)),
        ("lines", _lines(strategy)),
        ("ageing", _AGEING),
    ):
        connection.execute(f"CREATE TEMP TABLE {name} AS {sql.replace('$today', today)}")


LINES = (
    "segment", "open_minor", "overdue_minor", "credit_minor", "disputed_minor", "items", "days_past_due",
    "oldest_due_date", "reached", "messages", "last_message_date", "person_minor", "person_stage", "next_stage",
)  # fmt: skip
"""Columns of `lines` that the engine tells under the same names, whatever the rules said afterwards. `ahead_date` and
`dunning_stage` are others: rules put off what is due."""


_KNOWN = """
    SELECT receivable_id, debtor_id, currency, kind, parent_id, number, issue_date, due_date, amount_minor, status,
           CASE WHEN kind = 'charge' AND parent_id IS NOT NULL THEN parent_id ELSE receivable_id END AS claim_id
    FROM receivables WHERE issue_date <= $today"""

_OWED = """
    SELECT k.* EXCLUDE (status),
           CASE WHEN k.kind = 'charge' AND k.status <> 'cancelled' THEN coalesce(p.status, k.status) ELSE k.status END
               AS status
    FROM known k LEFT JOIN (SELECT receivable_id, status FROM known WHERE status <> 'open' AND kind <> 'charge') p
        ON k.parent_id = p.receivable_id
    WHERE k.kind <> 'credit_note' AND k.amount_minor > 0
        AND NOT (k.status = 'cancelled' OR (k.kind = 'charge' AND coalesce(p.status, '') = 'cancelled'))"""

_MONEY = """
    WITH came AS (SELECT * FROM payments WHERE value_date <= $today),
    back AS (
        SELECT b.payment_id AS row_id, o.payment_id, b.amount_minor
        FROM came b JOIN came o ON o.payment_id = b.reverses_id AND o.currency = b.currency AND o.reverses_id IS NULL),
    net AS (
        SELECT c.* REPLACE (c.amount_minor + coalesce(b.back_minor, 0) AS amount_minor)
        FROM came c ANTI JOIN back ON back.row_id = c.payment_id
        LEFT JOIN (SELECT payment_id, sum(amount_minor) AS back_minor FROM back GROUP BY payment_id) b
            ON b.payment_id = c.payment_id),
    notes AS (SELECT * FROM known WHERE kind = 'credit_note' AND status <> 'cancelled' AND amount_minor < 0),
    used AS (
        SELECT n.receivable_id, sum(p.amount_minor) AS used_minor
        FROM net p JOIN notes n ON n.receivable_id = p.receivable_id AND n.currency = p.currency
        GROUP BY n.receivable_id)
    SELECT p.payment_id, NULL::BIGINT AS note_id, p.debtor_id, p.currency, k.claim_id, p.value_date, p.number,
           p.amount_minor::BIGINT AS amount_minor
    FROM net p ANTI JOIN notes n ON n.receivable_id = p.receivable_id AND n.currency = p.currency
    LEFT JOIN known k ON k.receivable_id = p.receivable_id
    UNION ALL
    SELECT NULL, n.receivable_id, n.debtor_id, n.currency, k.claim_id, n.issue_date, n.number,
           (coalesce(u.used_minor, 0) - n.amount_minor)::BIGINT
    FROM notes n LEFT JOIN used u ON u.receivable_id = n.receivable_id
    LEFT JOIN known k ON k.receivable_id = n.parent_id"""

# what pays a claim: no more than came for it, no more than is owed
_CLAIMS = """
    SELECT claim_id, currency, greatest(least(net_minor, claim_minor), 0) AS ceiling
    FROM (SELECT claim_id, currency, sum(amount_minor) AS net_minor FROM money WHERE claim_id IS NOT NULL GROUP BY ALL)
    JOIN (SELECT claim_id, currency, sum(amount_minor) AS claim_minor FROM owed GROUP BY ALL) USING (claim_id, currency)
    """

_USED = """
    SELECT debtor_id, currency, sum(least(until, ceiling) - least(until - positive, ceiling)) AS used_minor
    FROM (
        SELECT m.debtor_id, m.currency, ceiling, greatest(amount_minor, 0) AS positive,
               sum(greatest(amount_minor, 0)) OVER (
                   PARTITION BY m.claim_id, m.currency
                   ORDER BY value_date, number, payment_id NULLS LAST, note_id NULLS LAST ROWS UNBOUNDED PRECEDING
               ) AS until
        FROM money m JOIN claims c ON c.claim_id = m.claim_id AND c.currency = m.currency)
    GROUP BY debtor_id, currency"""

_OPEN = """
    WITH paid AS (
        SELECT o.*, c.ceiling, sum(amount_minor) OVER (
                   PARTITION BY o.claim_id, o.currency ORDER BY kind <> 'charge', issue_date, number
                   ROWS UNBOUNDED PRECEDING) AS until
        FROM owed o LEFT JOIN claims c ON c.claim_id = o.claim_id AND c.currency = o.currency),
    rest AS (
        SELECT * EXCLUDE (ceiling, until),
               amount_minor - greatest(least(coalesce(ceiling, 0), until) - (until - amount_minor), 0) AS open_minor
        FROM paid),
    opened AS (
        SELECT *, sum(open_minor) OVER (
                   PARTITION BY claim_id, currency ORDER BY kind = 'charge', issue_date, number
                   ROWS UNBOUNDED PRECEDING) - open_minor AS before
        FROM rest WHERE open_minor > 0 AND status = 'open'),
    contested AS (
        SELECT d.amount_minor, k.receivable_id, k.claim_id, k.currency, k.claim_id <> k.receivable_id AS of_charge
        FROM disputes d JOIN known k USING (receivable_id)
        WHERE opened_date <= $today AND (closed_date IS NULL OR closed_date > $today)),
    of_claim AS (
        SELECT claim_id, currency, bool_or(amount_minor IS NULL) AS whole, sum(amount_minor) AS part_minor
        FROM contested WHERE NOT of_charge GROUP BY ALL),
    of_charge AS (
        SELECT receivable_id, bool_or(amount_minor IS NULL) AS whole, sum(amount_minor) AS part_minor
        FROM contested WHERE of_charge GROUP BY ALL),
    stopped AS (
        SELECT k.receivable_id, k.claim_id, k.currency, k.claim_id <> k.receivable_id AS of_charge
        FROM holds h JOIN known k USING (receivable_id)
        WHERE from_date <= $today AND (until_date IS NULL OR until_date >= $today))
    SELECT o.receivable_id, o.debtor_id, o.currency, o.kind, o.number, o.due_date, o.amount_minor,
           o.open_minor::BIGINT AS open_minor,
           date_diff('day', o.due_date, $today) AS days_past_due,
           CASE WHEN (o.claim_id, o.currency) IN (SELECT (claim_id, currency) FROM stopped WHERE NOT of_charge)
                    OR o.receivable_id IN (SELECT receivable_id FROM stopped WHERE of_charge) THEN 0
                WHEN coalesce(a.whole, false) OR coalesce(b.whole, false) THEN 0
                ELSE o.open_minor - least(
                    o.open_minor,
                    greatest(coalesce(a.part_minor, 0) - o.before, 0) + coalesce(b.part_minor, 0))
           END::BIGINT AS demand_minor
    FROM opened o LEFT JOIN of_claim a ON a.claim_id = o.claim_id AND a.currency = o.currency
    LEFT JOIN of_charge b ON b.receivable_id = o.receivable_id"""

_CREDIT = """
    credit AS (
        SELECT m.debtor_id, m.currency, greatest(came_minor - coalesce(used_minor, 0), 0)::BIGINT AS credit_minor
        FROM (SELECT debtor_id, currency, sum(amount_minor) AS came_minor FROM money GROUP BY ALL) m
        LEFT JOIN used u ON u.debtor_id = m.debtor_id AND u.currency = m.currency)"""

_NET = f"""
    WITH {_CREDIT},
    summed AS (
        SELECT o.*, coalesce(c.credit_minor, 0) AS credit_minor, sum(demand_minor) OVER (
                   PARTITION BY o.debtor_id, o.currency ORDER BY due_date, number, kind ROWS UNBOUNDED PRECEDING
               ) AS until
        FROM open_rows o LEFT JOIN credit c ON c.debtor_id = o.debtor_id AND c.currency = o.currency)
    SELECT * EXCLUDE (until), least(demand_minor, greatest(until - credit_minor, 0))::BIGINT AS net_minor FROM summed"""

_NET_WITHOUT = f"""
    WITH {_CREDIT}
    SELECT o.*, coalesce(c.credit_minor, 0) AS credit_minor, demand_minor AS net_minor
    FROM open_rows o LEFT JOIN credit c ON c.debtor_id = o.debtor_id AND c.currency = o.currency"""

_OUT = f"direction = 'out' AND outcome IN {COUNTED} AND contact_date <= $today"

_HISTORY = f"""
    WITH done AS (
        SELECT * FROM steps WHERE done_date <= $today AND (withdrawn_date IS NULL OR withdrawn_date > $today)),
    taken AS (
        SELECT i.receivable_id, i.stage, c.contact_date AS on_date, c.deadline_date
        FROM contact_items i JOIN contacts c USING (contact_id) WHERE i.stage IS NOT NULL AND {_OUT}
        UNION ALL SELECT receivable_id, stage, done_date, NULL FROM done WHERE taken),
    -- a charge goes the way of its invoice
    of_claims AS (SELECT k.claim_id, k.currency, t.* FROM taken t JOIN known k USING (receivable_id)),
    first AS (
        SELECT claim_id, currency, stage, min(on_date) AS on_date, min(deadline_date) AS deadline_date
        FROM of_claims GROUP BY ALL),
    formal AS (
        SELECT claim_id, currency, max(stage) AS written, arg_max(on_date, stage) AS written_date
        FROM first WHERE stage NOT IN {tuple(_MEETINGS)} GROUP BY ALL),
    held AS (
        SELECT t.claim_id, t.currency, t.stage, coalesce(
                   min(t.on_date) FILTER (f.written_date IS NULL OR t.on_date >= f.written_date), max(t.on_date)
               ) AS on_date
        FROM of_claims t LEFT JOIN formal f ON f.claim_id = t.claim_id AND f.currency = t.currency
        WHERE t.stage IN {tuple(_MEETINGS)} AND t.stage > coalesce(f.written, 0) GROUP BY ALL),
    talks AS (
        SELECT claim_id, currency, max(stage) AS talk,
               {", ".join(f"min(on_date) FILTER (stage = {stage}) AS {name}" for stage, name in _MEETINGS.items())}
        FROM held GROUP BY ALL),
    tried AS (
        SELECT claim_id, currency, max(tries) AS tries, max(tried_date) AS tried_date
        FROM (SELECT receivable_id, count(*) AS tries, max(done_date) AS tried_date
              FROM done WHERE NOT taken GROUP BY ALL) JOIN known USING (receivable_id) GROUP BY ALL),
    deadlines AS (
        SELECT claim_id, currency, min(deadline_date) AS deadline_date
        FROM first WHERE stage = {SECOND_DUNNING} GROUP BY ALL)
    SELECT k.receivable_id, greatest(coalesce(written, 0), coalesce(talk, 0)) AS reached,
           coalesce(written, 0) AS written, written_date, {", ".join(_MEETINGS.values())}, deadline_date,
           coalesce(tries, 0) AS tries, tried_date
    FROM known k
    LEFT JOIN formal s ON s.claim_id = k.claim_id AND s.currency = k.currency
    LEFT JOIN deadlines b ON b.claim_id = k.claim_id AND b.currency = k.currency
    LEFT JOIN talks t ON t.claim_id = k.claim_id AND t.currency = k.currency
    LEFT JOIN tried d ON d.claim_id = k.claim_id AND d.currency = k.currency
    WHERE s.claim_id IS NOT NULL OR t.claim_id IS NOT NULL OR d.claim_id IS NOT NULL"""


def _placed(strategy: Strategy) -> str:
    """Open items beside their history; what is left of an item that is nearly paid is not asked for."""
    least = " ".join(f"WHEN '{name}' THEN {part}" for name, part in strategy.minimum_bp.items())
    petty = (
        f"o.open_minor::HUGEINT * 10000 < o.amount_minor::HUGEINT * (CASE o.currency {least} ELSE 0 END)"
        if least
        else "false"
    )
    return f"""
        WITH charged AS (
            SELECT claim_id, currency, sum(amount_minor) AS charged_minor FROM owed WHERE kind = 'charge' GROUP BY ALL),
        asked AS (
            SELECT o.* REPLACE (CASE WHEN {petty} THEN 0 ELSE demand_minor END AS demand_minor,
                                CASE WHEN {petty} THEN 0 ELSE net_minor END AS net_minor),
                   CASE WHEN {petty} THEN demand_minor ELSE 0 END AS petty_minor, k.claim_id,
                   coalesce(h.reached, 0) AS reached, coalesce(h.written, 0) AS written, h.written_date,
                   {", ".join(_MEETINGS.values())}, h.deadline_date,
                   coalesce(h.tries, 0) AS tries, h.tried_date
            FROM open_items o JOIN (SELECT receivable_id, claim_id FROM known) k ON k.receivable_id = o.receivable_id
            LEFT JOIN history h ON h.receivable_id = o.receivable_id)
        SELECT a.* EXCLUDE (claim_id),
               coalesce(sum(open_minor - demand_minor + net_minor) OVER (PARTITION BY a.claim_id, a.currency)
                            <= charged_minor, false) AS only_charges
        FROM asked a LEFT JOIN charged c ON c.claim_id = a.claim_id AND c.currency = a.currency"""


_MESSAGES = f"""
    SELECT debtor_id, currency, count(*)::INT AS messages, max(contact_date) AS last_message_date
    FROM contacts WHERE stage IS NOT NULL AND {_OUT} GROUP BY ALL"""

_AGEING = """
    SELECT currency, CASE WHEN days_past_due < 1 THEN 'not_due' WHEN days_past_due <= 30 THEN '1-30'
               WHEN days_past_due <= 60 THEN '31-60' WHEN days_past_due <= 90 THEN '61-90'
               WHEN days_past_due <= 180 THEN '91-180' ELSE '181+' END AS bucket,
           count(*) AS items, sum(open_minor)::BIGINT AS open_minor, sum(demand_minor)::BIGINT AS demand_minor
    FROM items GROUP BY ALL"""


# --- conditions ---


def condition_sql(condition: Condition | None) -> str:
    """What a condition asks, so that it is never null: what is not known makes a comparison false."""
    match condition:
        case None:
            return "true"
        case Flag(column):
            return f"coalesce({column}, false)"
        case Known(column):
            return f"({column} IS NOT NULL)"
        case Not(of):
            return f"(NOT {condition_sql(of)})"
        case All(parts):
            return "(" + " AND ".join(map(condition_sql, parts)) + ")"
        case Either(parts):
            return "(" + " OR ".join(map(condition_sql, parts)) + ")"
        case OneOf(column, values):
            return f"coalesce({column} IN ({', '.join(map(_literal, values))}), false)"
        case Compare(column, op, value):
            return f"coalesce({column} {'<>' if op == '!=' else op} {_literal(value)}, false)"
    raise AssertionError(condition)


def _literal(value: int | str) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


_WORDS = {
    0: "none", 10: "notice", 20: "reminder", 25: "second_reminder", 30: "call", 40: "first_dunning",
    50: "second_dunning", 60: "person", 70: "lawyer_letter", 80: "mediation", 90: "agency", 100: "suit",
}  # fmt: skip
_OBSERVED_TEXT = ("reason", "cooperation", "ability", "willingness")
_OBSERVED_FLAG = ("vip", "signal_registry", "signal_court", "signal_bureau", "signal_news", "signal_internal")
_OF_DEBTOR = {
    "country": "d.country", "language": "d.language", "kind": "coalesce(d.kind, 'unknown')",
    "debt_kind": "coalesce(d.debt_kind, 'unknown')",
}  # fmt: skip


def _about(wanted: set[str], grace: int) -> str:
    """One row per debtor and currency with the columns that conditions ask for."""
    found, joins = dict[str, str](), list[str]()
    for name in _of_items(grace):
        if name in wanted:
            found[name] = f"s.{name}"
    for name, sql in _OF_DEBTOR.items():
        if name in wanted:
            found[name] = sql
    if wanted & {"messages", "days_since_message"}:
        joins.append("LEFT JOIN messages m ON m.debtor_id = s.debtor_id AND m.currency = s.currency")
        found["messages"] = "coalesce(m.messages, 0)"
        found["days_since_message"] = "date_diff('day', m.last_message_date, $today)"
    if wanted & {"calls", "days_since_talk"}:
        joins.append(f"LEFT JOIN ({_TALKS}) t ON t.debtor_id = s.debtor_id")
        found["calls"], found["days_since_talk"] = "coalesce(t.calls, 0)", "t.days_since_talk"
    if wanted & {"promises_kept", "promises_broken"}:
        joins.append(f"LEFT JOIN ({_PROMISES}) p ON p.debtor_id = s.debtor_id AND p.currency = s.currency")
        found["promises_kept"] = "coalesce(p.kept, 0)"
        found["promises_broken"] = "coalesce(p.broken, 0)"
    for name in sorted(wanted & {*_OBSERVED_TEXT, *_OBSERVED_FLAG}):
        joins.append(f"LEFT JOIN ({_observed(name)}) o_{name} ON o_{name}.debtor_id = s.debtor_id")
        told = f"o_{name}.value"
        found[name] = f"coalesce({told} = 'yes', false)" if name in _OBSERVED_FLAG else f"coalesce({told}, 'unknown')"
    sums = ", ".join(f"{sql} AS {name}" for name, sql in _of_items(grace).items() if name in wanted)
    listed = ", ".join(f"{sql} AS {name}" for name, sql in found.items())
    return f"""
        SELECT s.debtor_id, s.currency{", " + listed if listed else ""}
        FROM (SELECT debtor_id, currency{", " + sums if sums else ""} FROM placed GROUP BY debtor_id, currency) s
        JOIN debtors d ON d.debtor_id = s.debtor_id {" ".join(joins)}"""


def _of_items(grace: int) -> dict[str, str]:
    late, counts = f"days_past_due > {grace}", f"days_past_due > {grace} AND net_minor > 0"
    scale = " ".join(f"WHEN '{name}' THEN {10 ** (4 - digits)}" for name, digits in DIGITS.items())
    words = " ".join(f"WHEN {stage} THEN '{word}'" for stage, word in _WORDS.items())

    def money(sql: str) -> str:
        return f"({sql})::HUGEINT * (CASE any_value(currency) {scale} END)"

    def total(column: str, where: str) -> str:
        return money(f"coalesce(sum({column}) FILTER ({where}), 0)")

    return {
        "amount": total("net_minor", late),
        "open_amount": money("sum(open_minor)"),
        "disputed": money("sum(open_minor) - sum(demand_minor)"),
        "credit": money("any_value(credit_minor)"),
        "overdue_1_30": total("net_minor", "days_past_due BETWEEN 1 AND 30"),
        "overdue_31_60": total("net_minor", "days_past_due BETWEEN 31 AND 60"),
        "overdue_61_90": total("net_minor", "days_past_due BETWEEN 61 AND 90"),
        "overdue_91": total("net_minor", "days_past_due > 90"),
        "items": f"count(*) FILTER ({counts})",
        "days_past_due": f"coalesce(max(days_past_due) FILTER ({counts}), 0)",
        "only_charges": f"coalesce(bool_and(only_charges) FILTER ({counts}), false)",
        "reached": f"CASE coalesce(max(reached) FILTER ({counts}), 0) {words} END",
    }


_TALKS = """
    SELECT debtor_id, count(*) FILTER (direction = 'out' AND contact_date > $today - 30) AS calls,
           date_diff('day', max(contact_date) FILTER (outcome = 'reached'), $today) AS days_since_talk
    FROM contacts WHERE channel = 'phone' AND addressee = 'debtor' AND contact_date <= $today GROUP BY debtor_id"""


_PROMISES = """
    SELECT debtor_id, currency, count(*) FILTER (NOT withdrawn AND came >= amount_minor) AS kept,
           count(*) FILTER (NOT withdrawn AND came < amount_minor AND last < $today) AS broken
    FROM promised GROUP BY debtor_id, currency"""


def _promised(grace: int) -> str:
    """Each promise: its last day, what came for it, whether it was withdrawn."""
    return f"""
        SELECT p.promise_id, p.debtor_id, p.currency, p.amount_minor, p.made_date, p.due_date + {grace} AS last,
               coalesce(p.withdrawn_date <= $today, false) AS withdrawn, coalesce(sum(m.amount_minor), 0) AS came
        FROM promises p LEFT JOIN money m ON m.debtor_id = p.debtor_id AND m.currency = p.currency
            AND m.payment_id IS NOT NULL AND m.value_date BETWEEN p.made_date AND p.due_date + {grace}
        WHERE p.made_date <= $today GROUP BY ALL"""


_EVENTS = f"""
    WITH told AS (
        SELECT debtor_id, currency, 'promise_broken' AS event, (last + 1)::DATE AS event_date,
               amount_minor - greatest(came, 0) AS missing
        FROM promised WHERE NOT withdrawn AND came < amount_minor AND last < $today
        UNION ALL
        SELECT debtor_id, currency, 'payment_bounced', value_date, -amount_minor
        FROM payments WHERE reverses_id IS NOT NULL AND amount_minor < 0 AND value_date <= $today),
    standing AS (
        SELECT * FROM told t WHERE NOT EXISTS (
            SELECT 1 FROM promised p WHERE p.debtor_id = t.debtor_id AND p.currency = t.currency
                AND NOT p.withdrawn AND p.made_date >= t.event_date)),
    answered AS (
        SELECT s.debtor_id, s.currency, s.event, s.event_date, s.missing,
               coalesce(sum(m.amount_minor), 0) AS came
        FROM standing s LEFT JOIN money m ON m.debtor_id = s.debtor_id AND m.currency = s.currency
            AND m.payment_id IS NOT NULL AND m.amount_minor > 0 AND m.value_date >= s.event_date
        GROUP BY ALL)
    SELECT a.debtor_id, a.currency, a.event, a.event_date,
           greatest(a.event_date, max(c.deadline_date) + 1)::DATE AS acts_date
    FROM answered a
    LEFT JOIN (SELECT * FROM contacts WHERE stage IS NOT NULL AND {_OUT}) c
        ON c.debtor_id = a.debtor_id AND c.currency = a.currency AND c.contact_date < a.event_date
    WHERE a.came < a.missing GROUP BY a.debtor_id, a.currency, a.event, a.event_date"""


def _observed(name: str) -> str:
    return f"""
        SELECT debtor_id, arg_max(value, (from_date, observation_id)) AS value FROM observations
        WHERE kind = '{name}' AND from_date <= $today AND (until_date IS NULL OR until_date >= $today)
        GROUP BY debtor_id"""


# --- steps ---


class Steps:
    """What a strategy does at each stage, every treatment numbered: a row of `treatments`."""

    def __init__(self, strategy: Strategy) -> None:
        self.segments = strategy.segments
        self.rows = [
            (segment, step, treatment)
            for segment, each in enumerate(strategy.segments)
            for step, one in enumerate(each.steps)
            for treatment in range(len(one.treatments))
        ]
        self.conditions = [
            condition
            for each in strategy.segments
            for condition in (each.when, *(t.when for step in each.steps for t in step.treatments))
        ]

    def ladders(self) -> str:
        """Per debtor and currency: segment, and per step with several treatments which one."""
        whens = " ".join(
            f"WHEN {condition_sql(each.when)} THEN {place}" for place, each in enumerate(self.segments[:-1])
        )
        last = len(self.segments) - 1
        segment = f"CASE {whens} ELSE {last} END" if whens else str(last)
        choices = [
            f"CASE {' '.join(_when(step.treatments, place) for place in range(len(step.treatments) - 1))}"
            f" ELSE {len(step.treatments) - 1} END AS c_{of}_{number}"
            for of, each in enumerate(self.segments)
            for number, step in enumerate(each.steps)
            if len(step.treatments) > 1
        ]
        return f"SELECT debtor_id, currency, {', '.join([f'({segment})::INT AS place', *choices])} FROM about"

    def table(self) -> str:
        """number, stage, for_person, offset_days, month_end, after_days, after_deadline_days, attempts."""
        values = []
        for number, (of, at, which) in enumerate(self.rows):
            step = self.segments[of].steps[at]
            treatment = step.treatments[which]
            told = (
                number, int(step.stage), treatment.by == "person", step.offset_days, step.month_end, step.after_days,
                step.after_deadline_days, treatment.attempts,
            )  # fmt: skip
            values.append("(" + ", ".join("NULL::INT" if each is None else str(each) for each in told) + ")")
        names = "number, stage, for_person, offset_days, month_end, after_days, after_deadline_days, attempts"
        return f"SELECT * FROM (VALUES {', '.join(values)}) t({names})"

    def _first(self, reached: str) -> str:
        """The number of the first treatment of a stage above `reached`, never below a reminder; null: none."""
        return self._chosen(lambda stage: f"{stage} > {reached}" if stage > NOTICE else None)

    def _notice(self) -> str:
        return self._chosen(lambda stage: "stood = 0 AND days_past_due <= 0" if stage == NOTICE else None)

    def _needed(self, talk: int) -> str:
        """What must have been written before a talk counts: the ladder's last demand before it, else its first letter;
        0: nothing."""
        demands, letters = ["0"], []
        for of, each in enumerate(self.segments):
            for at, step in enumerate(each.steps):
                stage = int(step.stage)
                if NOTICE < stage < talk and stage not in _MEETINGS:
                    left_out = [str(n) for n, treatment in enumerate(step.treatments) if treatment.skip]
                    taken = f" AND c_{of}_{at} NOT IN ({', '.join(left_out)})" if left_out else ""
                    (demands if stage > CALL else letters).append(f"CASE WHEN place = {of}{taken} THEN {stage} END")
        first = f"coalesce(least({', '.join(letters)}), 0)" if letters else "0"
        return f"coalesce(nullif(greatest({', '.join(demands)}), 0), {first})"

    def _stood(self) -> str:
        """What was written, or the highest talk that has what must come before it, and came after that."""
        talks = [
            f"CASE WHEN written >= {self._needed(talk)} AND ({self._needed(talk)} = 0 OR written_date IS NULL"
            f" OR {held} >= written_date) AND {held} IS NOT NULL THEN {talk} END"
            for talk, held in _MEETINGS.items()
        ]
        return f"greatest(written, {', '.join(talks)})"

    def _chosen(self, asks: Callable[[int], str | None]) -> str:
        whens = []
        for number, (of, at, which) in enumerate(self.rows):
            step = self.segments[of].steps[at]
            asked = asks(int(step.stage))
            if asked is None or step.treatments[which].skip:
                continue
            chosen = f" AND c_{of}_{at} = {which}" if len(step.treatments) > 1 else ""
            whens.append(f"WHEN place = {of} AND {asked}{chosen} THEN {number}")
        return f"CASE {' '.join(whens)} END" if whens else "NULL::INT"

    def items(self, grace: int) -> str:
        """Every open item with its next step."""
        late = f"days_past_due > {grace}"
        return f"""
            WITH zero AS (
                SELECT p.*, l.* EXCLUDE (debtor_id, currency)
                FROM placed p JOIN ladders l ON l.debtor_id = p.debtor_id AND l.currency = p.currency),
            half AS (
                SELECT *, {self._stood()} AS stood,
                       greatest(written_date, {", ".join(_MEETINGS.values())}) AS stood_date
                FROM zero),
            one AS (
                SELECT *, CASE WHEN {late} THEN {self._first("stood")} ELSE {self._notice()} END AS first_number
                FROM half),
            two AS (
                SELECT o.*, coalesce(t.stage = {CALL} AND o.tries >= t.attempts AND {late}, false) AS tried
                FROM one o LEFT JOIN treatments t ON t.number = o.first_number),
            three AS (
                SELECT *, CASE WHEN tried THEN {self._first(str(CALL))} ELSE first_number END AS number_,
                       CASE WHEN tried THEN tried_date ELSE stood_date END AS since
                FROM two),
            four AS (
                SELECT three.* EXCLUDE (number_), coalesce(t.stage, 0) AS next_stage,
                       coalesce(t.for_person, false) AS for_person,
                       greatest(
                           CASE WHEN t.month_end THEN last_day(due_date + t.offset_days)
                                ELSE due_date + t.offset_days END,
                           CASE WHEN t.after_days > 0 THEN since + t.after_days END,
                           coalesce(deadline_date, since) + (t.after_deadline_days + 1)
                       )::DATE AS own_date,
                       coalesce(deadline_date, since) + (t.after_deadline_days + 1) AS after_deadline
                FROM three LEFT JOIN treatments t ON t.number = three.number_),
            -- of news since its last step the first that acts; what comes after the lawyer's letter never does
            news AS (
                SELECT f.receivable_id, min(e.acts_date) AS acts_date
                FROM four f JOIN events e ON e.debtor_id = f.debtor_id AND e.currency = f.currency
                WHERE {late} AND f.next_stage BETWEEN {NOTICE + 1} AND {LAWYER_LETTER}
                    AND ({self._at_once()})
                    AND date_diff('day', f.due_date, e.event_date) > {grace}
                    AND (f.since IS NULL OR f.since < e.event_date)
                GROUP BY f.receivable_id),
            five AS (
                SELECT f.*, CASE WHEN n.acts_date IS NULL OR own_date IS NULL THEN own_date
                                 ELSE least(own_date, greatest(n.acts_date, after_deadline)) END AS next_date
                FROM four f LEFT JOIN news n ON n.receivable_id = f.receivable_id)
            SELECT receivable_id, debtor_id, currency, kind, due_date, open_minor, demand_minor, net_minor,
                   credit_minor, petty_minor, days_past_due, reached,
                   deadline_date, next_stage, next_date, for_person, only_charges,
                   coalesce(next_stage > 0 AND next_date <= $today AND net_minor > 0, false) AS due_now
            FROM five"""

    def _at_once(self) -> str:
        """Does the debtor's segment act on an event at once?"""
        asked = [
            f"(f.place = {place} AND e.event = '{event}')"
            for place, each in enumerate(self.segments)
            for event in sorted(each.at_once)
        ]
        return " OR ".join(asked) or "false"


def _when(treatments: Sequence[Treatment], place: int) -> str:
    return f"WHEN {condition_sql(treatments[place].when)} THEN {place}"


def _lines(strategy: Strategy) -> str:
    late = f"days_past_due > {strategy.grace_days}"
    least = " ".join(f"WHEN '{name}' THEN {minor}" for name, minor in strategy.residue_minor.items())
    most = f"(CASE currency {least} ELSE 0 END)" if least else "0"
    overdue = f"coalesce(sum(net_minor) FILTER ({late}), 0)"
    charged = f"coalesce(sum(net_minor) FILTER ({late} AND only_charges), 0)"
    # what is left alone is nobody's task
    asked = f"NOT ({overdue} > 0 AND {charged} = {overdue} AND {overdue} <= {most})"
    counts = f"{late} AND net_minor > 0"
    person = "due_now AND for_person"
    ahead = "net_minor > 0 AND NOT due_now AND next_stage > 0"
    return f"""
        SELECT s.*, coalesce(m.messages, 0)::INT AS messages, m.last_message_date, l.place AS segment
        FROM (
            SELECT debtor_id, currency,
                sum(open_minor)::BIGINT AS open_minor,
                coalesce(sum(net_minor) FILTER ({late}), 0)::BIGINT AS overdue_minor,
                any_value(credit_minor) AS credit_minor,
                sum(open_minor - demand_minor - petty_minor)::BIGINT AS disputed_minor,
                (count(*) FILTER ({counts}))::INT AS items,
                coalesce(max(days_past_due) FILTER ({counts}), 0)::INT AS days_past_due,
                min(due_date) FILTER ({counts}) AS oldest_due_date,
                coalesce(max(reached) FILTER ({counts}), 0)::SMALLINT AS reached,
                CASE WHEN {asked} THEN max(next_stage) FILTER (due_now AND {late} AND NOT for_person) END::SMALLINT
                    AS dunning_stage,
                CASE WHEN {asked} THEN max(next_stage) FILTER ({person}) END::SMALLINT AS person_stage,
                CASE WHEN {asked} THEN coalesce(sum(net_minor) FILTER ({person}), 0) ELSE 0 END::BIGINT AS person_minor,
                min(next_date) FILTER ({ahead}) AS ahead_date,
                (arg_min(next_stage, (coalesce(next_date, DATE '0001-01-01'), next_stage)) FILTER ({ahead}))::SMALLINT
                    AS next_stage
            FROM items GROUP BY debtor_id, currency) s
        JOIN ladders l ON l.debtor_id = s.debtor_id AND l.currency = s.currency
        LEFT JOIN messages m ON m.debtor_id = s.debtor_id AND m.currency = s.currency"""
