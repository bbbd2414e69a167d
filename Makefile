# Everything is set up by the first target you run; see tools/bootstrap.py.
.DEFAULT_GOAL := help
.PHONY: help install demo test test-long lint bench serve
SETUP := tools/bootstrap.sh
BIN := .venv/bin
WORKERS ?= 2

help: ## Show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Set up the program in .venv; then: .venv/bin/dunwell init
	@$(SETUP) user fonts
	@echo "Ready. Next: $(BIN)/dunwell init --name 'Your company' --country DE"

demo: ## Play 60 days of a realistic book and show what came of it (under 3 minutes)
	@$(SETUP) user fonts
	@$(BIN)/python -m dunwell.demo

test: ## Test on SQLite and PostgreSQL (at most 15 minutes on 2 cores)
	@$(SETUP) dev fonts postgres
	@$(BIN)/pytest -n $(WORKERS) -m "not long"

test-long: ## The long tier: full seeded counts of properties, kills and fuzzing (at most 45 minutes)
	@$(SETUP) dev fonts postgres
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest -n $(WORKERS) -m "long or hypothesis" --timeout 1200

lint: ## Check style, types and which room imports which
	@$(SETUP) dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: ## Time imports, runs, the day, claims and contact rules beside their floors (imports and runs on both databases)
	@$(SETUP) dev postgres
	@$(BIN)/python -m bench

serve: ## Show today and every debtor in the browser of this machine
	@$(SETUP) user fonts
	@$(BIN)/dunwell serve
