import re
import tomllib
from dataclasses import asdict
from importlib import resources
from itertools import product

import pytest

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES, WRITTEN_STAGES, Note, Stage
from dunwell.documents.content import content, wording
from dunwell.documents.email_text import render_email
from dunwell.documents.letter import render_letter
from dunwell.documents.linter import lint_wording
from dunwell.documents.versions import TEMPLATE_VERSIONS, template_version
from dunwell.rulebook.strategy import TONES
from tests.documents.samples import notice, with_annex

PLACES = re.compile(r"\{\w+\}")
SUMS = re.compile(r"\d[\d,.]*\d|\d")
HELPS = ("help_gentle", "help_firm")

BAD = [
    ("threat.arrest", "en", "You may be arrested and go to prison."),
    ("threat.arrest", "zh-Hans", "否则我们将报警，追究刑事责任。"),
    ("threat.arrest", "zh-Hant", "否則將報警處理，依詐欺罪提告。"),
    ("threat.blacklist", "en", "We will put you on a blacklist."),
    ("threat.blacklist", "zh-Hans", "您将被列入黑名单，影响征信。"),
    ("threat.blacklist", "zh-Hant", "您將被列入黑名單，影響聯徵。"),
    ("threat.disclosure", "en", "We will tell your employer about it."),
    ("threat.disclosure", "zh-Hans", "我们将联系您的家人和单位。"),
    ("threat.disclosure", "zh-Hant", "我們將通知您的公司，並上門拜訪。"),
    ("threat.force", "en", "Pay, or face the consequences."),
    ("threat.force", "zh-Hans", "逾期不还，一切后果自负。"),
    ("threat.force", "zh-Hant", "我們將查封您的財產。"),
    ("false.court", "en", "Our lawyers are preparing legal action."),
    ("false.court", "zh-Hans", "我司已向法院起诉。"),
    ("false.court", "zh-Hant", "本公司將寄發存證信函並提告。"),
    ("false.final", "en", "FINAL  NOTICE"),
    ("false.final", "zh-Hans", "最后通牒"),
    ("false.final", "zh-Hant", "這是最後通知"),
    ("false.final_deadline", "en", "the final deadline"),
    ("false.final_deadline", "zh-Hans", "最后付款期限"),
    ("false.final_deadline", "zh-Hant", "最後付款期限"),
    ("false.urgency", "en", "Pay within 24 hours."),
    ("false.urgency", "zh-Hans", "请在24小时内立即还款"),
    ("false.urgency", "zh-Hant", "請於 24 小時內付款"),
    ("false.charges", "en", "A late fee will be added."),
    ("false.charges", "zh-Hans", "将加收滞纳金。"),
    ("false.charges", "zh-Hant", "將加收違約金。"),
    ("pressure.borrow", "en", "Borrow the money from somebody."),
    ("pressure.borrow", "zh-Hans", "您可以向亲友借。"),
    ("pressure.borrow", "zh-Hant", "您可以向親友借。"),
    ("insult", "en", "You are a deadbeat."),
    ("insult", "zh-Hans", "您恶意拖欠。"),
    ("insult", "zh-Hant", "您惡意拖欠。"),
]


def all_texts(language):
    """Every string of a language's wording with its place."""

    def walk(place, value):
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            for key, part in value.items():
                yield from walk((*place, key), part)
        else:
            for part in value:
                yield from walk(place, part)

    return list(walk((), wording(language)))


class TestLinter:
    @pytest.mark.parametrize(("rule", "language", "words"), BAD)
    def test_catches_a_bad_sample(self, rule, language, words):
        assert rule in [finding.rule for finding in lint_wording(words, language)]

    def test_shows_the_words_it_found_and_why(self):
        [finding] = lint_wording("You will be\narrested.", "en")
        assert (finding.rule, finding.words) == ("threat.arrest", "arrested")
        assert finding.reason

    def test_has_a_bad_sample_for_each_rule_in_each_language(self):
        source = resources.files("dunwell.documents").joinpath("wording", "forbidden.toml").read_text(encoding="utf-8")
        rules = {(rule["id"], language) for rule in tomllib.loads(source)["rule"] for language in LANGUAGES}
        assert rules == {(rule, language) for rule, language, _ in BAD}

    def test_reads_a_chinese_text_by_the_rules_of_both_scripts(self):
        assert lint_wording("报警", "zh-Hant")
        assert lint_wording("blacklist", "zh-Hans")

    def test_allows_the_final_deadline_where_it_is_true(self):
        words = "We ask you to pay by the final deadline of 2 December."
        assert lint_wording(words, "en", Stage.SECOND_DUNNING) == []
        assert lint_wording(words, "en", Stage.FIRST_DUNNING)

    def test_allows_interest_only_beside_the_statement_that_computes_it(self):
        words = "Late interest up to 22 November 2026"
        assert lint_wording(words, "en", annex=True) == []
        assert lint_wording(words, "en")
        assert lint_wording("You will be arrested, and owe late interest.", "en", annex=True)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_finds_nothing_in_our_own_wording(self, language):
        stages = {stage.word: stage for stage in WRITTEN_STAGES}
        found = [
            (place, finding)
            for place, text in all_texts(language)
            for finding in lint_wording(text, language, stages.get(place[0]), annex=place[-1] == "late")
        ]
        assert found == []

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("stage", WRITTEN_STAGES)
    @pytest.mark.parametrize("tone", TONES)
    def test_finds_nothing_in_a_whole_message(self, language, stage, tone):
        mail = render_email(notice(language, stage, tone=tone))
        assert lint_wording(f"{mail.subject}\n{mail.text}", language, stage) == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_finds_nothing_in_a_message_with_an_annex(self, language):
        mail = render_email(with_annex(notice(language, Stage.SECOND_DUNNING)))
        assert lint_wording(f"{mail.subject}\n{mail.text}", language, Stage.SECOND_DUNNING, annex=True) == []


class TestWording:
    def test_has_the_same_places_in_every_language(self):
        places = [[place for place, _ in all_texts(language)] for language in LANGUAGES]
        same = [sorted({place for place in found if place != ("closing",)}) for found in places]
        assert same[0] == same[1] == same[2]

    @pytest.mark.parametrize(("language", "charset"), [("zh-Hans", "gb2312"), ("zh-Hant", "big5")])
    def test_keeps_to_the_characters_of_its_script(self, language, charset):
        wrong = [text for _, text in all_texts(language) if not _fits(text, charset)]
        assert wrong == []

    @pytest.mark.parametrize(
        ("language", "foreign"), [("zh-Hans", ["帐", "回覆", "聯"]), ("zh-Hant", ["账", "邮件", "单", "回复"])]
    )
    def test_uses_the_words_of_its_own_place(self, language, foreign):
        text = "".join(text for _, text in all_texts(language))
        assert [word for word in foreign if word in text] == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_offers_a_way_out_and_an_objection_at_every_stage(self, language):
        instalments = {"en": "instalments", "zh-Hans": "分期付款", "zh-Hant": "分期付款"}[language]
        words = wording(language)
        helps = [words[stage.word].get(name) for stage in WRITTEN_STAGES[1:] for name in ("help", *HELPS)]
        assert all(instalments in text for text in helps if text)
        for stage, tone in product(WRITTEN_STAGES, TONES):
            text = "".join(render_email(notice(language, stage, tone=tone)).text.split())
            assert "".join(words["object"].split()) in text
            assert "".join(words["paid"].split()) in text
            help_ = words[stage.word].get(f"help_{tone}", words[stage.word]["help"])
            assert "".join(help_.split()) in text


class TestATone:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_changes_no_sum_no_day_and_no_place_of_a_sentence(self, language):
        for stage in WRITTEN_STAGES:
            words = wording(language)[stage.word]
            own = {name: name.rpartition("_")[0] for name in words if name.rpartition("_")[2] in ("gentle", "firm")}
            for name, usual in own.items():
                assert PLACES.findall(words[name]) == PLACES.findall(words[usual]), name
                assert words[name] != words[usual]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_has_words_at_every_stage_but_that_no_notice_is_firm(self, language):
        for stage in WRITTEN_STAGES:
            mails = {tone: render_email(notice(language, stage, tone=tone)) for tone in TONES}
            assert mails["gentle"].text != mails["plain"].text
            assert (mails["firm"].text != mails["plain"].text) == (stage is not Stage.NOTICE)
            assert len({mail.subject for mail in mails.values()}) == 1
            assert len({tuple(SUMS.findall(mail.text)) for mail in mails.values()}) == 1

    @pytest.mark.parametrize("tone", ["gentle", "firm"])
    def test_is_that_of_the_letter_too(self, tone):
        plain, toned = (content(notice("en", Stage.REMINDER, tone=each)) for each in ("plain", tone))
        differing = {name for name in asdict(plain) if getattr(plain, name) != getattr(toned, name)}
        assert differing == {"opening", "ask", "help"}
        assert render_letter(notice("en", Stage.REMINDER, tone=tone)) != render_letter(notice("en", Stage.REMINDER))

    def test_that_nobody_knows_is_refused(self):
        with pytest.raises(DunwellError) as refused:
            notice(tone="rude")
        assert refused.value.code == "documents.tone_unknown"


class TestTemplateVersion:
    def test_names_channel_language_stage_and_sources(self):
        given = notice("zh-Hans", Stage.REMINDER)
        version = template_version(given, "letter")
        assert version.startswith("letter.zh-Hans.reminder@")
        assert len(version.rpartition("@")[2]) == 16
        assert version != template_version(given, "email")

    def test_shows_the_tone_where_it_is_not_the_plain_one(self):
        given = notice("zh-Hans", Stage.REMINDER, tone="gentle")
        assert template_version(given, "email").startswith("email.zh-Hans.reminder.gentle@")

    def test_exists_for_every_channel_language_and_kind_of_message(self):
        assert len(TEMPLATE_VERSIONS) == 2 * 3 * (len(WRITTEN_STAGES) * len(TONES) + len(Note))

    def test_sources_fetch_nothing_from_elsewhere(self):
        folder = resources.files("dunwell.documents").joinpath("templates")
        for file in folder.iterdir():
            source = file.read_text(encoding="utf-8")
            assert not any(word in source for word in ("@preview", "@local", "#import", "#include", "http", "read("))


def _fits(text, charset):
    try:
        text.replace("–", "").encode(charset)
    except UnicodeEncodeError:
        return False
    return True
