"""What `dunwell doctor` looks at: each check says what it found and, when that is not well, how to mend it."""

import platform
import shutil
import smtplib
import socket
import ssl
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from ipaddress import ip_address
from typing import Any

from django.db import DatabaseError

from dunwell.core.errors import DunwellError, say
from dunwell.core.settings import Settings
from dunwell.documents.fonts import check_fonts
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.own_rules import settable
from dunwell.rulebook.reviews import ending, overdue, reviews
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors, health, interest
from dunwell.store.reads.house_rules import rules_of

OLDEST_POSTGRESQL = 15
OLDEST_SQLITE = (3, 37)
LITTLE_SPACE = 1_000_000_000
NO_SPACE = 100_000_000
PATIENCE = timedelta(seconds=10)


class Level(IntEnum):
    """How a check ended; the worst decides the exit code."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report, and how to mend it (empty when all is well)."""

    level: Level
    words: str
    mend: str = ""


type Checks = Iterator[Finding]


def examine(settings: Settings, language: str) -> Checks:
    """Every check in turn. A check that breaks is itself a finding: one fault must not hide the others."""

    def word(code: str, /, **params: Any) -> str:
        return say(code, language, **params)

    for check in (python, home, database, creditor, fonts, mail, clock, law):
        try:
            yield from check(settings, word)
        except DunwellError as error:
            yield Finding(Level.FAIL, error.words(language))
        except (DatabaseError, OSError) as error:
            yield Finding(Level.FAIL, word("doctor.broke", check=check.__name__, why=" ".join(str(error).split())))


type Word = Callable[..., str]


def python(settings: Settings, word: Word) -> Checks:
    """The interpreter. Older ones could not have come this far."""
    yield Finding(Level.OK, word("doctor.python", version=platform.python_version()))


def home(settings: Settings, word: Word) -> Checks:
    """The data home: there, ours alone, writable, with space."""
    path = settings.home
    if not path.is_dir():
        yield Finding(Level.FAIL, word("doctor.home_absent", path=str(path)), word("doctor.mend_init"))
        return
    try:
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"dunwell")
    except OSError as error:
        why = error.strerror or str(error)
        yield Finding(
            Level.FAIL, word("doctor.home_locked", path=str(path), why=why), word("doctor.mend_home", path=str(path))
        )
        return
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        mend = word("doctor.mend_mode", path=str(path))
        yield Finding(Level.WARN, word("doctor.home_open", path=str(path)), mend)
    free = shutil.disk_usage(path).free
    level = Level.FAIL if free < NO_SPACE else Level.WARN if free < LITTLE_SPACE else Level.OK
    gigabytes = f"{free // 10**8 / 10:.1f}"
    mend = word("doctor.mend_space") if level else ""
    yield Finding(level, word("doctor.home", path=str(path), gigabytes=gigabytes), mend)


def database(settings: Settings, word: Word) -> Checks:
    """Reachable, of a version we know, with our tables."""
    health.require_ready()
    product, version = health.version()
    said = ".".join(map(str, version))
    oldest = (OLDEST_POSTGRESQL,) if product == "PostgreSQL" else OLDEST_SQLITE
    if version < oldest:
        needed = ".".join(map(str, oldest))
        yield Finding(
            Level.FAIL,
            word("doctor.database_old", product=product, version=said, oldest=needed),
            word("doctor.mend_database", product=product),
        )
        return
    yield Finding(Level.OK, word("doctor.database", product=product, version=said))


def creditor(settings: Settings, word: Word) -> Checks:
    """Somebody is owed, and a letter could say all it must."""
    if health.schema() is not health.Schema.READY:
        return
    found = creditors.everyone()
    if not found:
        yield Finding(Level.FAIL, word("doctor.creditor_none"), word("init.next_creditor"))
    for each in found:
        missing = [name for name in ("street", "city") if not getattr(each, name)]
        missing += ["signatory-name"] if not each.signatory_name else []
        missing += ["iban"] if not (each.iban or each.account) else []
        if missing:
            mend = f"dunwell creditor set --code {each.code} " + " ".join(f"--{name} ..." for name in missing)
            words = word("doctor.creditor_incomplete", code=each.code, missing=", ".join(missing))
            yield Finding(Level.FAIL, words, mend)
        elif not each.email:
            words = word("doctor.creditor_no_email", code=each.code)
            yield Finding(Level.WARN, words, f"dunwell creditor set --code {each.code} --email ...")
        else:
            yield Finding(Level.OK, word("doctor.creditor", code=each.code, name=each.name))


def fonts(settings: Settings, word: Word) -> Checks:
    """Letters in three languages can be printed."""
    problems = check_fonts()
    for problem in problems:
        yield Finding(Level.FAIL, word(problem.code, **problem.params))
    if not problems:
        yield Finding(Level.OK, word("doctor.fonts"))


def mail(settings: Settings, word: Word) -> Checks:
    """The mail server answers and offers the security that was chosen. Nothing is sent and nobody logs in."""
    if not settings.smtp_host:
        yield Finding(Level.WARN, word("doctor.mail_none"), word("doctor.mend_mail_none"))
        return
    place = f"{settings.smtp_host}:{settings.smtp_port}"
    if settings.smtp_security == "none" and not _this_machine(settings.smtp_host):
        yield Finding(Level.FAIL, word("doctor.mail_unsafe", place=place), word("doctor.mend_mail_unsafe"))
        return
    try:
        _greet(settings)
    except (smtplib.SMTPException, OSError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        yield Finding(Level.FAIL, word("doctor.mail_fails", place=place, why=why), word("doctor.mend_mail"))
        return
    yield Finding(Level.OK, word("doctor.mail", place=place, security=settings.smtp_security))


def clock(settings: Settings, word: Word) -> Checks:
    """A pretended moment is for trials only."""
    if settings.now is not None:
        moment = settings.now.isoformat(timespec="minutes")
        yield Finding(Level.WARN, word("doctor.clock", moment=moment), word("doctor.mend_clock"))


def law(settings: Settings, word: Word) -> Checks:
    """Rules and rates whose day of review has passed, and rates that are not known until today."""
    today = (settings.now or datetime.now(UTC)).date()
    late = overdue(today)
    if late:
        names = ", ".join(each.id for each in late[:8]) + (" …" if len(late) > 8 else "")
        yield Finding(
            Level.WARN, word("doctor.law_review", count=len(late), first=late[0].review_by.isoformat(), names=names),
            word("doctor.mend_law"),
        )  # fmt: skip
    ready = health.schema() is health.Schema.READY
    yield from _seasons(today, word, [rules_of(each) for each in creditors.everyone()] if ready else [])
    if not ready:
        return
    for each in creditors.everyone():
        wanted = {rate.series.id for rate in interest.rates_in_use(each) if rate.series}
        for series in interest.series_of(each).values():
            if series.id in wanted and series.known_until < today:
                yield Finding(
                    Level.WARN,
                    word("doctor.rates_end", code=each.code, series=series.id, until=series.known_until.isoformat()),
                    word("doctor.mend_rates", where=series.update),
                )
    if not late:
        yield Finding(Level.OK, word("doctor.law", count=len(reviews())))


def _seasons(today: date, word: Word, asked: list[Rules]) -> Checks:
    """Seasons whose days run out within a year, as they come with Dunwell or as a creditor set them."""
    found = {each.id: each for rules in asked or [house_rules()] for each in ending(rules, today)}
    for each in found.values():
        mend = word("doctor.mend_season_set", rule=each.id) if each.id in settable() else word("doctor.mend_season")
        yield Finding(Level.WARN, word("doctor.season_ends", rule=each.id, last=each.review_by.isoformat()), mend)


def _greet(settings: Settings) -> None:
    """Connect, EHLO, and the encryption asked for. Raises SMTPException or OSError."""
    seconds = PATIENCE.total_seconds()
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=seconds, context=context)
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=seconds)
    with server:
        server.ehlo_or_helo_if_needed()
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
            server.ehlo()


def _this_machine(host: str) -> bool:
    try:
        return all(ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None))
    except OSError:
        return False
