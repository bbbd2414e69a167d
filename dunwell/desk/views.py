"""The pages: each reads, asks the engine for one debtor where it must, and chooses the page."""

from datetime import date
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from dunwell.actions.business_day import today as business_day
from dunwell.actions.day.report import day_sums
from dunwell.actions.explain import Explanation, about, explain, what
from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money, grouped_amount
from dunwell.core.terms import ACTIONS, LANGUAGES
from dunwell.desk.access import LANGUAGE_COOKIE, language_of
from dunwell.desk.clock import now
from dunwell.documents.decision_words import channel_words, message_words, note_words, stage_words
from dunwell.engine.book.ageing import BUCKETS
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import contacts, creditors
from dunwell.store.reads import desk as reads

_INLINE = {"application/pdf", "text/plain"}
_TABS = ("task", "message", "none")
_CONTACTS = 200


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Who owes us, what is done today, and why."""
    spoken = language_of(request)
    everyone = creditors.everyone()
    if not everyone:
        return render(
            request, "desk/empty.html", {"language": spoken, "languages": LANGUAGES, "words": "creditor.none"}
        )
    creditor = _chosen(request, everyone)
    run = reads.latest_run(creditor)
    if run is None:
        return render(request, "desk/empty.html", {"language": spoken, "languages": LANGUAGES, "words": "desk.no_run"})
    counts = reads.counts(creditor)
    tab = request.GET.get("show", "")
    tab = tab if tab in ACTIONS else next((t for t in _TABS if counts.get(t)), "none")
    search = request.GET.get("q", "").strip()[:100]
    rows, following = reads.standings(creditor, tab, search, reads.Cursor.read(request.GET.get("after", "")))
    page = {
        "language": spoken,
        "languages": LANGUAGES,
        "creditor": creditor,
        "creditors": everyone,
        "run": run,
        **_day(creditor, run.as_of, spoken),
        "sums": _sums(run.summary, spoken),
        "ageing": _ageing(run.summary["ageing"]),
        "buckets": BUCKETS,
        "steps": [
            (message_words(row["stage"], spoken), channel_words(row["channel"], spoken), row["count"])
            for row in run.summary["messages"]
        ],
        "refused": [(house_rules().named(rule).title[spoken], rule, n) for rule, n in run.summary["refused"].items()],
        "tabs": [(t, counts.get(t, 0)) for t in _TABS],
        "tab": tab,
        "search": search,
        "rows": [_row(row, tab, spoken) for row in rows],
        "following": following,
    }
    return render(request, "desk/today.html", page)


@require_GET
def debtor(request: HttpRequest, debtor_id: int) -> HttpResponse:
    """One debtor: what is owed and how it was computed, what happens next and why, what was sent."""
    spoken = language_of(request)
    found = reads.debtor(debtor_id)
    if found is None:
        raise Http404
    run = reads.latest_run(found.creditor)
    day = run.as_of if run else business_day(found.creditor, now())
    told = explain(creditor=found.creditor, debtor_number=found.number, as_of=day, now=now())
    zone = ZoneInfo(found.creditor.zone)
    page = {
        "language": spoken,
        "languages": LANGUAGES,
        "creditor": found.creditor,
        "debtor": found,
        **_day(found.creditor, day, spoken),
        "lines": [
            {
                "currency": line["currency"],
                "sums": _demand(told, line, spoken),
                "why": told.why(line, spoken),
                "items": [_item(item, spoken) for item in told.items if item["currency"] == line["currency"]],
            }
            for line in told.lines
        ],
        "notes": [note_words(note, spoken) for note in told.notes],
        "loose": told.loose_words(spoken),
        "rules": told.rules_words(spoken),
        "contacts": [
            {
                "day": format_date(each.day, spoken),
                "what": what(each, spoken),
                "about": about(each, spoken) if each.items else "",
                "document": each.document,
            }
            for each in reversed(contacts.past(found)[-_CONTACTS:])
        ],
        "zone": zone.key,
        "journal": [
            {**entry, "at": f"{entry['at'].astimezone(zone):%Y-%m-%d %H:%M}"} for entry in reads.journal(found)
        ],
    }
    return render(request, "desk/debtor.html", page)


@require_GET
def document(request: HttpRequest, sha256: str) -> HttpResponse:
    """What was sent, byte for byte. Mail is shown as text, so that nothing in it is ever run."""
    found = reads.document(sha256)
    if found is None:
        raise Http404
    kept, content = found
    media = kept.media_type if kept.media_type in _INLINE else "text/plain; charset=utf-8"
    answer = HttpResponse(content, content_type=media)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if kept.media_type == "application/pdf":
        # browsers show a PDF in a viewer of their own, which a sandbox would stop
        answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
        answer["Content-Disposition"] = f'inline; filename="{kept.sha256[:12]}.pdf"'
    return answer


@require_GET
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Choose the language of the pages."""
    back = request.GET.get("back", "/")
    answer = HttpResponseRedirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")
    if code in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, code, max_age=31_536_000, samesite="Lax", httponly=True)
    return answer


@require_GET
def style(request: HttpRequest) -> HttpResponse:
    """The one style sheet."""
    css = (resources.files("dunwell.desk") / "static" / "desk.css").read_bytes()
    return HttpResponse(css, content_type="text/css; charset=utf-8")


def _chosen(request: HttpRequest, everyone: list[reads.Creditor]) -> reads.Creditor:
    code = request.GET.get("creditor", "")
    return next((each for each in everyone if each.code == code), everyone[0])


def _day(creditor: reads.Creditor, day: date, spoken: str) -> dict[str, str]:
    """The day that is shown, and a note where today is another one."""
    today = business_day(creditor, now())
    shown = format_date(day, spoken)
    note = say("desk.not_today", spoken, day=shown, today=format_date(today, spoken), creditor=creditor.code)
    return {"day": shown, "not_today": "" if day == today else note}


def _sums(summary: dict[str, Any], spoken: str) -> list[dict[str, str]]:
    def amount(minor: int, currency: str) -> str:
        return grouped_amount(minor, currency) if minor else ""

    return [
        {
            "currency": row.currency,
            "open": grouped_amount(row.open_minor, row.currency),
            "overdue": grouped_amount(row.overdue_minor, row.currency),
            "aside": amount(row.aside_minor, row.currency),
            "credit": amount(row.credit_minor, row.currency),
            "net": grouped_amount(row.net_minor, row.currency),
        }
        for row in day_sums(summary)
    ]


def _demand(told: Explanation, line: dict[str, Any], spoken: str) -> dict[str, str]:
    """The same sums of one debtor."""
    currency, demand = line["currency"], told.demand(line["currency"])

    def amount(minor: int) -> str:
        return format_money(minor, currency, spoken)

    return {
        "open": amount(line["open_minor"]),
        "overdue": amount(demand.overdue_minor),
        "disputed": amount(demand.disputed_minor) if demand.disputed_minor else "",
        "held": amount(demand.held_minor) if demand.held_minor else "",
        "credit": amount(demand.credit_minor) if demand.credit_minor else "",
        "net": amount(demand.net_minor),
        "loose": amount(line["credit_minor"]) if line["credit_minor"] > demand.credit_minor else "",
    }


def _ageing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per currency the buckets with their sums and their share of the currency's largest, in percent, for the bars."""
    table = []
    for currency in sorted({row["currency"] for row in rows}):
        sums = {row["bucket"]: row["open_minor"] for row in rows if row["currency"] == currency}
        largest = max(sums.values(), default=0) or 1
        cells = [
            {
                "bucket": bucket,
                "sum": grouped_amount(sums.get(bucket, 0), currency),
                "share": -(-sums.get(bucket, 0) * 100 // largest),
                "late": bucket != "not_due",
            }
            for bucket in BUCKETS
        ]
        table.append({"currency": currency, "cells": cells})
    return table


def _row(row: reads.Standing, tab: str, spoken: str) -> dict[str, Any]:
    reason = say(f"reason.{row.reason}", spoken)
    if tab == "task" and row.action == "message":
        waits = format_money(row.body["person_minor"], row.currency, spoken)
        reason = say("desk.beside", spoken, amount=waits, reason=say("reason.deadline_passed", spoken))
    return {
        "debtor": row.debtor,
        "net": format_money(row.overdue_minor, row.currency, spoken),
        "days": f"{row.days_past_due:,}" if row.days_past_due > 0 else "",
        "stage": stage_words(row.stage, spoken) if row.stage else "",
        "reason": reason,
    }


def _late(days: int, spoken: str) -> str:
    """Days past due, or how long it still has."""
    if days > 0:
        return f"{days:,}"
    return say({0: "desk.due_today", -1: "desk.due_tomorrow"}.get(days, "desk.due_in"), spoken, days=-days)


def _item(item: dict[str, Any], spoken: str) -> dict[str, Any]:
    currency = item["currency"]
    return {
        "kind": say(f"kind.{item['kind']}", spoken),
        "number": item["number"],
        "due": format_date(item["due_date"], spoken),
        "days": _late(item["days_past_due"], spoken),
        "amount": grouped_amount(item["amount_minor"], currency),
        "paid": grouped_amount(item["paid_minor"], currency),
        "open": grouped_amount(item["open_minor"], currency),
        "disputed": grouped_amount(item["disputed_minor"], currency) if item["disputed_minor"] else "",
        "held": item["held"],
    }
