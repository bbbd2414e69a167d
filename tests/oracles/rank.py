"""The place of a task a second time: one line after another, from docs/worklists.md."""

from datetime import date, timedelta
from typing import Any

from dunwell.rulebook.rank import Rank

type Row = dict[str, Any]
COLUMNS = (
    "task_since_date", "task_channel", "chance_bp", "urgency_bp", "rank_minor", "rank_why", "alarm", "alarm_date",
    "alarm_minor",
)  # fmt: skip


def ranked(
    line: Row, about: Row, items: list[Row], channel_of: dict[int, str | None], news: dict[str, bool], rank: Rank,
    day: date,
) -> Row:  # fmt: skip
    """task_since_date to rank_why of a line. channel_of: stage -> the first channel of its treatment."""
    beside = line["action"] == "message" and line["person_minor"] > 0
    if line["action"] != "task" and not beside:
        return dict.fromkeys(COLUMNS[:6])
    minor, stage, reason = (
        (line["person_minor"], line["person_stage"], line["person_reason"])
        if beside
        else (line["total_minor"], line["stage"], line["reason"])
    )
    of_step = reason not in ("no_address", "forbidden", "credit_in_doubt", "reassigned")
    since = min(
        (
            row["next_date"]
            for row in items
            if row["due_now"] and row["for_person"] == of_step and (of_step or row["is_late"])
        ),
        default=None,
    )
    chance, urgency, why = rank.chance_bp, rank.urgency.from_bp, []
    for table in rank.chance:
        value, bp = _change(about[table.column], dict(table.changes_bp))
        chance += bp
        why += [f"chance/{table.column}/{value}/{bp}"] if bp else []
    waited = max((day - since).days, 0) if since else 0
    for name, value, bp in (
        ("stage", WORDS.get(stage), rank.urgency.stages_bp.get(stage, 0)),
        ("deadline_passed", "yes", rank.urgency.deadline_passed_bp * (reason == "deadline_passed")),
        ("promise_broken", "yes", rank.urgency.promise_broken_bp * news["promise_broken"]),
        ("payment_bounced", "yes", rank.urgency.payment_bounced_bp * news["payment_bounced"]),
        ("waiting", waited, min(waited // 7 * rank.urgency.waiting_week_bp, rank.urgency.waiting_most_bp)),
    ):
        urgency += bp
        why += [f"urgency/{name}/{value}/{bp}"] if bp else []
    chance, urgency = min(max(chance, 100), 10_000), min(max(urgency, 100), 100_000)
    return {
        "task_since_date": since, "task_channel": channel_of.get(stage) if of_step else None, "chance_bp": chance,
        "urgency_bp": urgency, "rank_minor": minor * chance * urgency // 10**8, "rank_why": " ".join(why),
    }  # fmt: skip


WORDS = {
    10: "notice", 20: "reminder", 25: "second_reminder", 30: "call", 40: "first_dunning", 50: "second_dunning",
    60: "person", 70: "lawyer_letter", 80: "mediation", 90: "agency", 100: "suit",
}  # fmt: skip


def _change(found: Any, table: dict[int | str, int]) -> tuple[int | str | None, int]:
    if isinstance(found, bool):
        found = "yes" if found else "no"
    if found is None or isinstance(found, str):
        return found, table.get(found, 0)
    below = [word for word in table if isinstance(word, int) and word <= found]
    return (max(below), table[max(below)]) if below else (None, 0)


def alarm(clocks: list[Row], debtor: int, items: list[Row], days: int, day: date) -> Row:
    """alarm, alarm_date, alarm_minor of a line."""
    open_minor = {row["receivable_id"]: row["open_minor"] for row in items}
    soon = sorted(
        (row["last_date"], row["alarm"], row["receivable_id"])
        for row in clocks
        if row["debtor_id"] == debtor
        and row["receivable_id"] in open_minor
        and row["last_date"] <= day + timedelta(days=days)
    )
    if not soon:
        return dict.fromkeys(COLUMNS[6:])
    total = sum(open_minor[item] for item in {item for _, _, item in soon})
    return {"alarm": soon[0][1], "alarm_date": soon[0][0], "alarm_minor": total}


def in_order(tasks: list[Row], weights: dict[str, int], digits: dict[str, int]) -> list[Row]:
    """Tasks in the order of their places: queues take turns, alarms before all else."""
    found: list[Row] = []
    for is_alarm in (True, False):
        queues: dict[str, list[Row]] = {}
        for task in tasks:
            if (task["alarm_date"] is not None) == is_alarm:
                queues.setdefault("" if task["currency"] in weights else task["currency"], []).append(task)
        turns = []
        for name, queue in queues.items():

            def worth(task: Row, minor: str) -> int:
                weight = weights.get(task["currency"])
                return (task[minor] or 0) * (weight * 10 ** (4 - digits[task["currency"]]) if weight else 1)

            queue.sort(key=lambda t: (-worth(t, "rank_minor"), -worth(t, "amount_minor"), t["number"], t["currency"]))
            turns += [(turn, name, task) for turn, task in enumerate(queue)]
        turns.sort(key=lambda turn: (turn[2]["alarm_date"] or date.min, turn[0], turn[1]))
        found += [task for _, _, task in turns]
    return found
