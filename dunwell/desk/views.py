"""The pages: each reads, asks the engine for one debtor where it must, and chooses the page."""

from importlib import resources
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from dunwell.actions.business_day import today as business_day
from dunwell.actions.explain import channel_words, explain, stage_words
from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money, grouped_amount
from dunwell.core.terms import ACTIONS, LANGUAGES
from dunwell.desk.access import LANGUAGE_COOKIE, language_of
from dunwell.desk.clock import now
from dunwell.engine.ageing import BUCKETS
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors
from dunwell.store.reads import desk as reads

_INLINE = {"application/pdf", "text/plain"}
_TABS = ("task", "message", "none")


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
    tab = request.GET.get("show", "")
    tab = tab if tab in ACTIONS else next((t for t in _TABS if _count(run.summary, t)), "none")
    search = request.GET.get("q", "").strip()[:100]
    rows, following = reads.standings(creditor, tab, search, reads.Cursor.read(request.GET.get("after", "")))
    page = {
        "language": spoken,
        "languages": LANGUAGES,
        "creditor": creditor,
        "creditors": everyone,
        "run": run,
        "day": format_date(run.as_of, spoken),
        "sums": _sums(run.summary, spoken),
        "ageing": _ageing(run.summary["ageing"]),
        "buckets": BUCKETS,
        "steps": [
            (stage_words(row["stage"], spoken), channel_words(row["channel"], spoken), row["count"])
            for row in run.summary["messages"]
        ],
        "refused": [(house_rules().named(rule).title[spoken], rule, n) for rule, n in run.summary["refused"].items()],
        "tabs": [(t, _count(run.summary, t)) for t in _TABS],
        "tab": tab,
        "search": search,
        "rows": [_row(row, spoken) for row in rows],
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
    told = explain(creditor=found.creditor, debtor_number=found.number, as_of=day)
    page = {
        "language": spoken,
        "languages": LANGUAGES,
        "creditor": found.creditor,
        "debtor": found,
        "day": format_date(day, spoken),
        "lines": [
            {
                "currency": line["currency"],
                "open": format_money(line["open_minor"], line["currency"], spoken),
                "overdue": format_money(line["overdue_minor"], line["currency"], spoken),
                "credit": format_money(line["credit_minor"], line["currency"], spoken) if line["credit_minor"] else "",
                "why": told.why(line, spoken),
                "items": [_item(item, spoken) for item in told.items if item["currency"] == line["currency"]],
            }
            for line in told.lines
        ],
        "rules": told.rules_words(spoken),
        "contacts": [
            {
                "day": format_date(each.contact_date, spoken),
                "stage": stage_words(each.stage, spoken) if each.stage else "",
                "channel": channel_words(each.channel, spoken),
                "outcome": say(f"outcome.{each.outcome}", spoken),
                "document": each.document,
            }
            for each in reads.contacts(found)
        ],
        "journal": reads.journal(found),
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


def _count(summary: dict[str, Any], action: str) -> int:
    return int(summary["lines"].get(action, 0))


def _sums(summary: dict[str, Any], spoken: str) -> list[dict[str, str]]:
    return [
        {
            "currency": currency,
            "open": grouped_amount(sums["open_minor"], currency),
            "overdue": grouped_amount(sums["overdue_minor"], currency),
            "credit": grouped_amount(sums["credit_minor"], currency) if sums["credit_minor"] else "",
        }
        for currency, sums in summary["sums"].items()
    ]


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


def _row(row: reads.Standing, spoken: str) -> dict[str, Any]:
    return {
        "debtor": row.debtor,
        "overdue": format_money(row.overdue_minor, row.currency, spoken),
        "days": row.days_past_due,
        "stage": stage_words(row.stage, spoken) if row.stage else "",
        "reason": say(f"reason.{row.reason}", spoken),
    }


def _item(item: dict[str, Any], spoken: str) -> dict[str, Any]:
    currency = item["currency"]
    return {
        "kind": say(f"kind.{item['kind']}", spoken),
        "number": item["number"],
        "due": format_date(item["due_date"], spoken),
        "days": item["days_past_due"],
        "amount": grouped_amount(item["amount_minor"], currency),
        "paid": grouped_amount(item["paid_minor"], currency),
        "open": grouped_amount(item["open_minor"], currency),
        "disputed": grouped_amount(item["disputed_minor"], currency) if item["disputed_minor"] else "",
        "held": item["held"],
    }
