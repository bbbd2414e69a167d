"""E-invoices: UBL, CII (Factur-X, ZUGFeRD, also inside a PDF) and the Chinese fully digital e-invoice -> sheets."""

from dunwell.intake.einvoices.read import is_einvoice, read_einvoice

__all__ = ["is_einvoice", "read_einvoice"]
