# One command per question. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := $(CURDIR)
CARELINE := $(BIN)/careline

.PHONY: help setup run train test check format bench bench-understanding bench-knowledge locks docs screenshots clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

setup: ## make both environments and the web build
	@$(PYTHON) -m careline.bootstrap app engine web

run: setup ## install, train, start; Ctrl-C stops everything
	@$(CARELINE) up --train

train: setup ## teach the bot from data/
	@$(CARELINE) train

test: setup ## every test, the browser's included
	@$(PYTHON) -m careline.bootstrap dev browser
	@$(CARELINE) train
	$(BIN)/python -m pytest
	cd web && npm test --silent

check: setup ## format, lint, types
	@$(PYTHON) -m careline.bootstrap dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy bot nlu knowledge actions desk careline tests bench docs
	cd web && npm run check --silent

format: ## write the format that check asks for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## the running system under real messages (see bench/)
	$(BIN)/python -m bench.conversation

bench-understanding: setup ## the understanding of many sets beside DIET and others (ARGS="--sets banking77-5")
	$(BIN)/python -m bench.understanding $(ARGS)

bench-knowledge: setup ## the knowledge base: quality, embedding, search and answers at three sizes (ARGS="--sizes 10000")
	$(BIN)/python -m bench.knowledge $(ARGS)

docs: ## write the pages that are made from code
	$(CARELINE) docs

screenshots: setup ## photograph the screens into docs/screens
	@$(PYTHON) -m careline.bootstrap dev browser
	$(BIN)/python -m docs.screenshots

locks: ## resolve requirements/*.in again
	@cd requirements && UV="../$(BIN)/uv pip compile --generate-hashes --no-annotate --no-header --quiet --upgrade" \
	&& $$UV --universal --python-version 3.11 --excludes torch-excludes.txt app.in -o app.lock \
	&& $$UV --universal --python-version 3.11 --excludes torch-excludes.txt --constraints app.lock dev.in -o dev.lock \
	&& $$UV --python-version 3.10 engine.in -o engine.lock

clean: ## remove what was made, except the data of a running system (var/)
	rm -rf .venv .venv-engine web/node_modules web/dist build
