"""Dunwell (善收): from the ledger to the money: lawful, polite, on record."""

__version__ = "0.1.0"
