"""What every act is: permitted, all or nothing, recorded."""

import ast

import pytest
from django.db import connection

from dunwell.actions import permissions
from dunwell.actions.act import NothingRecorded, act
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.store import guard, journal
from dunwell.store.models import JournalEntry, Person
from tests.conftest import ROOT
from tests.support.rows import MEI, NOW, a_creditor


@act("hold.set")
def record(*, creditor, by, then=None):
    Person.objects.create(creditor=creditor, number="1")
    journal.append("hold.set", creditor=creditor, by=by, at=NOW, recorded_at=NOW, body={})
    if then:
        then()
    return "done"


@act("hold.lift")
def forget(*, creditor, by):
    Person.objects.create(creditor=creditor, number="1")


@act("hold.lift", may_record_nothing=True)
def find_nothing(*, by):
    return guard.current_act()


def refuse():
    raise Refused("work.busy", kind="run")


def names_in_use():
    """Every act, as `@act("name")` declares it or `may(by, "name")` asks for it."""
    found = set()
    for file in (ROOT / "dunwell").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("act", "may"):
                name = node.args[0 if node.func.id == "act" else 1]
                if isinstance(name, ast.Constant):
                    found.add(name.value)
    return found


class TestPermissions:
    def test_name_every_act_there_is_and_nothing_else(self):
        assert permissions.BY_NAME.union(*permissions.RIGHTS.values()) == names_in_use()


class TestAnAct:
    def test_returns_what_it_made_and_is_recorded(self, db):
        creditor = a_creditor()
        assert record(creditor=creditor, by=MEI) == "done"
        assert Person.objects.count() == 1
        assert JournalEntry.objects.filter(event="hold.set").count() == 1

    def test_rolls_all_back_when_it_is_refused(self, db):
        creditor = a_creditor()
        with pytest.raises(Refused):
            record(creditor=creditor, by=MEI, then=refuse)
        assert (Person.objects.count(), JournalEntry.objects.filter(event="hold.set").count()) == (0, 0)
        assert guard.current_act() is None

    def test_rolls_all_back_when_it_breaks(self, db):
        creditor = a_creditor()
        with pytest.raises(ZeroDivisionError):
            record(creditor=creditor, by=MEI, then=lambda: 1 / 0)
        assert Person.objects.count() == 0

    def test_that_records_nothing_is_a_mistake_and_leaves_nothing(self, db):
        creditor = a_creditor()
        with pytest.raises(NothingRecorded):
            forget(creditor=creditor, by=MEI)
        assert Person.objects.count() == 0

    def test_may_find_nothing_to_do_when_it_says_so(self, db):
        assert find_nothing(by=MEI) == "hold.lift"

    @pytest.mark.parametrize("kind", [ActorKind.DEBTOR, ActorKind.API])
    def test_is_refused_to_those_without_the_right(self, db, kind):
        with pytest.raises(Refused) as error:
            find_nothing(by=Actor(kind, "x"))
        assert error.value.code == "act.not_allowed"

    @pytest.mark.parametrize("by", [None, "user:mei", {"by": None}])
    def test_wants_to_know_who_acts(self, db, by):
        with pytest.raises(Refused):
            find_nothing(by=by)

    def test_that_stands_in_no_list_is_refused_to_everybody(self):
        assert not any(permissions.may(Actor(kind, "x"), "no.such_act") for kind in ActorKind)

    def test_inside_another_is_part_of_it(self, db):
        creditor = a_creditor()
        with pytest.raises(Refused):
            record(creditor=creditor, by=MEI, then=lambda: (record_other(creditor), refuse()))
        assert JournalEntry.objects.filter(event="hold.set").count() == 0
        assert not connection.in_atomic_block


def record_other(creditor):
    record_second(creditor=creditor, by=MEI)


@act("hold.set")
def record_second(*, creditor, by):
    journal.append("hold.set", creditor=creditor, by=by, at=NOW, recorded_at=NOW, body={"second": True})
