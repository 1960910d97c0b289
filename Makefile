# Two commands for a new user: `make demo` and `make test`. Everything is installed below .venv.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := sandbox/src/azsandbox/node
READY := $(VENV)/.ready
EDITABLE := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation

.PHONY: venv demo docs example test lint lock clean

venv: $(READY)

$(READY): requirements.lock pyproject.toml sandbox/pyproject.toml $(NODE)/package.json $(NODE)/package-lock.json
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(EDITABLE) -e .
	$(EDITABLE) -e sandbox
	$(BIN)/azsandbox setup
	touch $(READY)

lock: venv
	$(BIN)/uv pip compile pyproject.toml sandbox/pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	cd $(NODE) && npm install --package-lock-only

lint: venv
	$(BIN)/ruff format --check src tests docs sandbox
	$(BIN)/ruff check src tests docs sandbox
	$(BIN)/mypy
	$(BIN)/lint-imports

# Six workers for two cores: many tests wait more than they work, one of them for two minutes. The files with the slowest
# tests have the fewest and come first. What is compiled is kept, for the many processes that the tests start.
test: lint
	PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$(CURDIR)/$(VENV)/pycache" \
		$(BIN)/pytest -n 6 --dist loadfile --no-loadscope-reorder

# Writes the generated blocks of docs/ anew from the code.
docs: venv
	$(BIN)/python docs/generate.py

# Makes the shipped example anew: the demo's plan, with all that differs from run to run made the same.
example: venv
	PATH="$(CURDIR)/$(BIN):$$PATH" azsandbox exec -- $(BIN)/python -m tests.acceptance.example

DEMO := plans/demo
SOURCE := demo-rg/demo-source
TARGET := demo-rg/demo-target

# Every kill point of a run, a cutover and its way back, and fifty at random; takes more than an hour on two idle cores.
.PHONY: crash
crash: venv
	$(BIN)/pytest -m crash -n 4 --dist worksteal

# Looks at pages in Chromium, which has to be installed (Debian's package chromium), and keeps a picture: figures.png.
.PHONY: pages
pages: venv
	MIGRATE_KEEP_PAGES=1 $(BIN)/pytest -m pages tests/pages -rs

# Measures against a loop over MLClient, against AzCopy, against rclone and at 20,000 versions; takes twenty minutes on an
# idle machine. AzCopy needs the library libsecret-1-0, rclone Debian's package rclone; what is not there is left out.
.PHONY: bench
bench: venv
	MIGRATE_BENCH_PAGE=1 $(BIN)/pytest tests/bench -m bench -s --durations=0

# Changes the code that decides over life and death in one place at a time, and looks whether a unit test sees it
# (docs/explanation/mutation-testing.md): 400 places of all, or as many as SIZE, among those whose names ONLY fits.
SEED ?= 1
SIZE ?= 400
ONLY ?= *
.PHONY: mutation
mutation: venv .mutation/tools
	PYTHONPATH="$(CURDIR)/.mutation/tools" $(BIN)/python -m tests.mutation --seed $(SEED) --size $(SIZE) --only '$(ONLY)'

.mutation/tools: tests/mutation/requirements.txt
	rm -rf $@
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target $@ -r $<

# Holds the local Azure to Microsoft's own validator (oav) and the Azure CLI, each installed below .conformance.
# The descriptions are looked for in ../shared/specs/openapi, or where CONFORMANCE_SPECS says.
.PHONY: conformance
conformance: venv
	cd sandbox/tests && PATH="$(CURDIR)/$(BIN):$$PATH" python -m conformance

demo: venv
	rm -rf $(DEMO)
	PATH="$(CURDIR)/$(BIN):$$PATH" azsandbox exec -- $(MAKE) --no-print-directory demo-way

# What `make demo` does inside a local Azure, each step under a heading. A leading `-` lets a command end with 3: something
# is still open, which the steps after it settle.
NOTEBOOKS := 2000
DECISIONS := $(DEMO)/decisions.csv
# What `az ml online-endpoint delete` and `az ml batch-endpoint delete` do.
TAKE_DOWN := from os import environ as e; from azure.ai.ml import MLClient; from azure.identity import DefaultAzureCredential as C; \
	ml = MLClient(C(), e["AZURE_SUBSCRIPTION_ID"], *"$(SOURCE)".split("/")); \
	gone = ml.online_endpoints.begin_delete("credit-score"), ml.batch_endpoints.begin_delete("credit-batch"); \
	[one.wait() for one in gone]
SAY := printf '\n== %s\n   %s\n\n'

.PHONY: demo-way
demo-way:
	@$(SAY) '1. A workspace under a Microsoft key' 'A local Azure is filled: a team with its assets, files and schedules, and an empty target under a customer key.'
	azsandbox seed demo --realistic --notebooks $(NOTEBOOKS)
	@$(SAY) '2. Plan' 'Both workspaces are read, and nothing is changed. The plan says what becomes of everything that the source holds.'
	migrate plan --source $(SOURCE) --target $(TARGET) --out $(DEMO)
	@$(SAY) '3. Run' 'What the plan creates and copies is created and copied. It ends with 3: some things only a person can do.'
	-migrate run $(DEMO)
	@$(SAY) '4. Verify' 'Both sides are read anew, every document and every byte. It ends with 3: nobody has decided yet about what is left.'
	-migrate verify $(DEMO)
	@$(SAY) '5. Decide' 'What is open is written to a file, somebody fills in a decision and a reason for each, and the file is recorded. What waits for the cutover is no decision.'
	migrate show $(DEMO) --open --format csv > $(DECISIONS)
	sed -i.empty -e '/anns-experiment/!{/#enable,/d;}' -e '2,$$s/,,,/,waive,"made by hand, or kept in the old account",/' $(DECISIONS)
	migrate waive --from $(DECISIONS) $(DEMO)
	migrate verify $(DEMO)
	@$(SAY) '6. Cut over' 'Schedules stop in the old workspace and start in the new one. From now on people use the new one.'
	migrate cutover $(DEMO) --unfrozen "the team was told, and watches it"
	@$(SAY) '7. And back' 'Something is wrong in the new workspace: everything that the cutover changed is set back.'
	migrate cutover $(DEMO) --back
	migrate verify $(DEMO)
	@$(SAY) '8. Cut over again' 'It was repaired.'
	migrate cutover $(DEMO) --unfrozen "the team was told, and watches it"
	migrate verify $(DEMO)
	@$(SAY) '9. Take the old endpoints down' 'Others answer in their place by now. A workspace that still answers requests is not removed.'
	python -c '$(TAKE_DOWN)'
	@$(SAY) '10. Remove the old workspace' 'Only on evidence that is green and still true. A real one would have to rest for a week first.'
	migrate decommission $(DEMO) --confirm $(SOURCE) --soak 0
	@$(SAY) 'Done' 'The plan is $(DEMO)/plan.jsonl, what was decided $(DECISIONS), the evidence for an auditor $(DEMO)/evidence/.'

clean:
	rm -rf $(VENV) .conformance .mutation .mypy_cache .ruff_cache .pytest_cache .hypothesis
