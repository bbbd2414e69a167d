"""Nothing reaches a channel except through the gate, and every contact rests on a recorded answer."""

import ast

import pytest

from dunwell.actions import gate
from dunwell.actions.sending.last_look import reason_code
from dunwell.actions.talks import add_entry, set_hold
from dunwell.channels import cleared
from dunwell.channels.cleared import Cleared, NotCleared, clear, spend, withdraw
from dunwell.channels.email import EmailChannel
from dunwell.channels.letter import LetterChannel
from dunwell.channels.simulator import Simulator
from dunwell.core.errors import Refused, catalogue
from dunwell.core.settings import Settings
from dunwell.core.terms import LANGUAGES, Channel, HoldReason, Stage
from dunwell.rulebook.rules_file import house_rules
from dunwell.store import guard
from dunwell.store.models import Clearance, ContactAttempt, ContactPoint, Debtor, Hold, OutboxMessage
from tests.channels.test_mail_text import a_message
from tests.conftest import ROOT
from tests.send.book import TEN, a_book, add_debtor, let_go, run, states
from tests.support.rows import MEI

ROOM = ROOT / "dunwell"


def modules():
    for file in sorted(ROOM.rglob("*.py")):
        yield file.relative_to(ROOM).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def naming(*names):
    """Modules outside `channels` that name any of these, as a name, an attribute or an import."""
    found = set()
    for module, tree in modules():
        for node in ast.walk(tree):
            told = (
                {node.id} if isinstance(node, ast.Name) else {node.attr} if isinstance(node, ast.Attribute)
                else {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            )  # fmt: skip
            if told & set(names) and not module.startswith("channels/"):
                found.add(module)
    return found


class TestTheCode:
    def test_gives_leave_in_the_gate_alone(self):
        assert naming("Cleared") <= {
            "actions/gate.py", "actions/sending/outbox.py", "actions/sending/sender.py"
        }  # fmt: skip
        givers = {
            module
            for module, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "dunwell.channels.cleared"
            and {alias.name for alias in node.names} & {"clear", "_given", "*"}
        }  # fmt: skip
        whole = {
            module
            for module, tree in modules()
            for node in ast.walk(tree)
            if (isinstance(node, ast.Import) and any(a.name.startswith("dunwell.channels") for a in node.names))
            or (
                isinstance(node, ast.ImportFrom)
                and node.module == "dunwell.channels"
                and "cleared" in {alias.name for alias in node.names}
            )
        }
        assert (givers, whole) == ({"actions/gate.py"}, set())

    def test_makes_leave_where_it_is_registered_alone(self):
        made = [
            module
            for module, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cleared"
        ]
        assert made == ["channels/cleared.py"]

    def test_opens_channels_where_messages_are_sent_alone(self):
        assert naming("EmailChannel", "LetterChannel", "Simulator") == {
            "actions/sending/send.py", "actions/sending/sender.py"
        }  # fmt: skip
        mailing = {
            module
            for module, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            and any(name.split(".")[0] == "smtplib" for name in _imported(node))
        }
        # the doctor only knocks at the mail server's door
        assert mailing == {"channels/email.py", "jobs/doctor.py"}
        assert naming("sendmail", "send_message", "docmd", "sendall") == set()

    def test_asks_for_leave_first_in_whatever_lets_something_go(self):
        bare = []
        for module, tree in modules():
            for kind in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
                verbs = [f for f in kind.body if isinstance(f, ast.FunctionDef) and f.name in ("send", "write")]
                if not module.startswith("channels/") or kind.name == "Channel":
                    continue
                bare += [(module, f.name) for f in verbs if not _spends_first(f)]
        assert bare == []


def _imported(node):
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


def _spends_first(function):
    """Its first statement spends the leave, or hands it on to one that does."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    call = body[0].value if isinstance(body[0], ast.Expr | ast.Return) else None
    if not isinstance(call, ast.Call):
        return False
    if isinstance(call.func, ast.Name):
        return call.func.id == "spend"
    return call.func.attr == "write" and any(isinstance(arg, ast.Name) and arg.id == "leave" for arg in call.args)


class TestAChannel:
    @pytest.fixture(params=["email", "letter", "simulator"])
    def channel(self, request, tmp_path):
        return {
            "email": lambda: EmailChannel(Settings(home=tmp_path, smtp_host="127.0.0.1", smtp_port=1)),
            "letter": lambda: LetterChannel(tmp_path / "letters"),
            "simulator": Simulator,
        }[request.param]()

    def test_lets_nothing_go_without_leave(self, channel, tmp_path):
        message = a_message()
        other = clear("another message", channel.name, 1)
        by_another = clear(message.key, "phone", 1)
        for leave in (None, Cleared(message.key, channel.name, 1), other, by_another):
            with pytest.raises(NotCleared):
                channel.send(message, b"%PDF", leave)
        assert list(tmp_path.iterdir()) == []

    def test_takes_leave_once(self, tmp_path):
        channel, message = LetterChannel(tmp_path), a_message()
        leave = clear(message.key, "letter", 1)
        channel.send(message, b"%PDF", leave)
        with pytest.raises(NotCleared):
            channel.send(message, b"%PDF", leave)

    def test_does_not_take_leave_that_was_withdrawn(self):
        leave = clear("key", "email", 1)
        withdraw(leave)
        with pytest.raises(NotCleared):
            spend(leave, "key", "email")

    def test_leaves_none_open_behind(self, sink):
        run(a_book(mails=2, letters=1))
        let_go()
        assert not [leave for leave in cleared._given.values() if leave.key.startswith("main:")]


class TestAMessage:
    def test_rests_on_an_answer_that_was_recorded_with_it(self, sink):
        run(a_book(mails=2, letters=1))
        let_go()
        for contact in ContactAttempt.objects.select_related("clearance", "message"):
            answer = contact.clearance
            assert (answer.verdict, answer.findings, answer.rules_hash) == ("allowed", [], house_rules().hash)
            assert (answer.debtor_id, answer.channel) == (contact.debtor_id, contact.channel)
            assert answer.contact_point_id == contact.contact_point_id == contact.message.contact_point_id
            assert contact.happened_at == contact.at == TEN
        assert Clearance.objects.count() == 3

    def test_is_asked_anew_when_it_is_tried_again(self, sink):
        sink.on_data = lambda _: "451 later"
        run(a_book(mails=1))
        let_go()
        assert (ContactAttempt.objects.count(), Clearance.objects.count()) == (0, 1)
        sink.on_data = None
        with guard.writing("test"):
            OutboxMessage.objects.update(not_before_at=TEN)
        let_go()
        assert (ContactAttempt.objects.count(), Clearance.objects.count()) == (1, 2)

    def test_does_not_leave_after_the_debtor_asked_for_no_more_of_it(self, sink):
        run(a_book(mails=2))
        debtor = Debtor.objects.get(number="M0")
        add_entry(debtor=debtor, kind="opt_out", channel=Channel.EMAIL, at=TEN, by=MEI, key="o")
        let_go()
        assert states()["M1"] == "sent"
        assert states()["M0"].startswith("cancelled")
        assert len(sink.mails) == 1

    def test_does_not_leave_to_an_address_he_asked_to_spare(self, sink):
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", letter=True)
        run(creditor)
        point = ContactPoint.objects.get(channel="email")
        add_entry(debtor=debtor, kind="opt_out", contact_point=point, at=TEN, by=MEI, key="o")
        let_go()
        assert sink.mails == []
        assert run(creditor)["prepared"] == 1
        assert OutboxMessage.objects.get(state="released").channel == "letter"

    def test_is_refused_leave_on_an_answer_about_another(self, sink):
        run(a_book(mails=2))
        let_go()
        first, second = OutboxMessage.objects.order_by("pk")
        answer = Clearance.objects.get(debtor=first.debtor)
        with pytest.raises(Refused):
            gate.let_go(second, answer)
        with guard.writing("test"):
            Clearance.objects.update(verdict="advice")
        answer.refresh_from_db()
        with pytest.raises(Refused):
            gate.let_go(first, answer)

    def test_is_not_finished_without_the_answer_it_had(self, sink):
        run(a_book(letters=1))
        message = OutboxMessage.objects.get()
        with pytest.raises(Refused):
            gate.finish(message)


class TestWhatWasToldMeanwhile:
    def test_stops_a_message_that_was_looked_at_already(self, sink):
        creditor = a_book(mails=2)
        run(creditor)
        debtor = Debtor.objects.get(number="M0")

        def told(step: str) -> None:
            if step == "made" and not Hold.objects.exists():
                set_hold(debtor=debtor, reason=HoldReason.CEASE_REQUEST, at=TEN, by=MEI, key="k")

        let_go(pause_at=told)
        assert states()["M1"] == "sent"
        assert states()["M0"].startswith("cancelled forbidden:house.cease")
        assert [mail["To"].addresses[0].addr_spec for mail in sink.mails] == ["m1@debtor.example"]


class TestAReasonOfADecision:
    @pytest.mark.parametrize(
        "reason", sorted(code.removeprefix("reason.") for code in catalogue() if code.startswith("reason."))
    )
    def test_has_words_where_it_keeps_a_message_from_leaving(self, reason):
        # step_due is the reason of the messages themselves
        assert reason == "step_due" or set(catalogue()[f"send.reason.{reason_code(reason)}"]) >= set(LANGUAGES)

    @pytest.mark.parametrize("stage", [stage for stage in Stage if not stage.is_message])
    def test_of_any_step_of_a_person_says_that_it_is_a_persons_turn(self, stage):
        assert reason_code(f"{stage.word}_due") == "person_due"
