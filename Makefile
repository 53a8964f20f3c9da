# Two commands matter: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help

BIN := .venv/bin
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 2
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export PYTHONUNBUFFERED := 1

.PHONY: help install run train shell test evaluate lint format language clean

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
	@$(BIN)/rasa shell --quiet

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

clean: ## remove models, caches and run-time data; keeps .venv
	rm -rf models/*.tar.gz .rasa results var/* .pytest_cache .mypy_cache .ruff_cache .hypothesis
