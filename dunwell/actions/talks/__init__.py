"""What debtors tell us and what we agree with them: every act of a talk, in one place to import from."""

from dunwell.actions.talks.complaints import answer_complaint, open_complaint
from dunwell.actions.talks.contacts import record_contact, set_address
from dunwell.actions.talks.disputes import close_dispute, open_dispute
from dunwell.actions.talks.holds import lift_hold, set_hold
from dunwell.actions.talks.plans import plan_contact
from dunwell.actions.talks.promises import record_promise, withdraw_promise
from dunwell.actions.talks.registers import add_entry, end_entry
from dunwell.actions.talks.third_persons import add_third_person

__all__ = [
    "add_entry", "add_third_person", "answer_complaint", "close_dispute", "end_entry", "lift_hold", "open_complaint",
    "open_dispute", "plan_contact", "record_contact", "record_promise", "set_address", "set_hold", "withdraw_promise",
]  # fmt: skip
