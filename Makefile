# Two commands matter: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help

BIN := .venv/bin
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 2
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export PYTHONUNBUFFERED := 1

.PHONY: help install run train shell test evaluate demo-data faults lint format language audit sbom clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## install the locked packages into .venv
	@sh scripts/install.sh

run: install ## install, train when needed, and serve http://localhost:5005/ (PORT=… changes it)
	@exec $(BIN)/valve-clinic serve

train: install ## train a model from data/, unless there is one
	@$(BIN)/valve-clinic train

shell: train ## talk to the bot in this terminal
	@$(BIN)/valve-clinic content load
	@umask 077 && $(BIN)/rasa shell --quiet

lint: install ## check code and data
	@sh scripts/lint.sh

format: install ## format the code
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

language: install ## build the spaCy pipeline from the look-up lists in data/nlu.yml
	@$(BIN)/valve-clinic language build

test: install ## check everything: data, code, stories, unit tests, the real server and a real browser
	@sh scripts/test.sh

evaluate: train ## measure the understanding and write docs/understanding.md (DATA=file: other messages)
	@$(BIN)/valve-clinic evaluate $(if $(DATA),--data "$(DATA)",--curve)

demo-data: train ## talk to the bot as a quarter's invented visitors, into var/demo/ (900 conversations, four minutes)
	@$(BIN)/python benchmarks/demo_conversations.py

audit: install ## look up known weaknesses of the locked packages; needs the internet
	@$(BIN)/python -m valve_clinic.operations.audit "$$(sh scripts/bootstrap.sh)"

sbom: install ## write the bill of materials and docs/licences.md
	@$(BIN)/python -m valve_clinic.operations.licences "$$(sh scripts/bootstrap.sh)"

faults: install ## kill, hang, fill and cut what the server needs, and write docs/reliability.md
	@sh scripts/faults.sh

clean: ## remove models, caches and run-time data; keeps .venv
	rm -rf models/*.tar.gz .rasa results var/* .pytest_cache .mypy_cache .ruff_cache .hypothesis
