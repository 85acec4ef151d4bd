# What a developer needs daily. Everything but Python >= 3.11 and git is set up here, in .venv.

# Which Python .venv is made of: `make PYTHON=python3.13 test`.
PYTHON ?=
TIERS := core verify broker openapi dev
LOCKS := $(TIERS:%=scripts/requirements/%.txt)
READY := .venv/ready
export UV_NATIVE_TLS ?= true# the machine's own certificates count, as they do for pip
WITH_TOOLS := PATH="$(CURDIR)/.venv/bin:$$PATH"

.DEFAULT_GOAL := help
.PHONY: help demo failures test check format docs locks fuzz bench ghes clean

help: ## List these
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

demo: $(READY) ## Play the main job, from a commit to a deploy gate, on this machine
	@$(WITH_TOOLS) python examples/demo.py

failures: $(READY) ## Play the four ways in which contract tests fail: broken, found, mended
	@$(WITH_TOOLS) python examples/failures/play.py

test: check ## Run every check and every test
	@$(WITH_TOOLS) tests/run

check: $(READY) ## Lint, check the types, and check that the locks are current
	@$(WITH_TOOLS) ruff check --quiet . scripts/pact-gate
	@$(WITH_TOOLS) ruff format --quiet --check . scripts/pact-gate
	@$(WITH_TOOLS) mypy --no-error-summary
	@$(WITH_TOOLS) mypy --no-error-summary scripts/pact-gate
	@$(WITH_TOOLS) scripts/requirements/compile --check

format: $(READY) ## Format the code and mend what the linter can
	@$(WITH_TOOLS) ruff check --fix-only --quiet . scripts/pact-gate
	@$(WITH_TOOLS) ruff format --quiet . scripts/pact-gate

docs: $(READY) ## Write the tables of inputs in docs/ from what they describe
	@$(WITH_TOOLS) python docs/make_actions.py
	@$(WITH_TOOLS) python docs/make_config.py
	@$(WITH_TOOLS) python docs/make_messages.py
	@$(WITH_TOOLS) python docs/make_workflows.py
	@$(WITH_TOOLS) python tests/lint/measure.py --write

locks: $(READY) ## Compile the locks from pyproject.toml (UPGRADE=1: to the newest versions)
	@$(WITH_TOOLS) scripts/requirements/compile $(if $(UPGRADE),--upgrade)

fuzz: $(READY) ## Try 1,000 new random examples of everything, and 20,000 hostile requests (EXAMPLES=n REQUESTS=n: as many)
	@PACT_GATE_EXAMPLES=$(or $(EXAMPLES),1000) $(WITH_TOOLS) python -m pytest tests/unit -m hypothesis
	@PACT_GATE_REQUESTS=$(or $(REQUESTS),20000) $(WITH_TOOLS) python -m pytest -s tests/durability/test_fuzz.py

bench: $(READY) ## Measure the steps against their peers
	@$(WITH_TOOLS) python benchmarks/steps.py

ghes: ## Write the reusable workflows for GitHub Enterprise Server (REPOSITORY=owner/name REF=v1) to .ghes
	@python3 scripts/ghes.py "$(REPOSITORY)" "$(REF)" .ghes

clean: ## Remove what was made here
	rm -rf .venv .demo .ghes .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Without uv, pip does the same more slowly. actions-toolkit ships a package `tests` by accident, which would hide ours.
$(READY): $(LOCKS)
	@set -e; \
	for python in $(or $(PYTHON),python3 python python3.14 python3.13 python3.12 python3.11); do \
		found=$$("$$python" -c 'import os, sys; sys.version_info >= (3, 11) or sys.exit(1); \
			print(os.path.realpath(sys.executable))' 2>/dev/null) && break; \
		found=; \
	done; \
	if [ -z "$$found" ]; then \
		echo "$(or $(PYTHON),python3) is no Python 3.11 or newer. Install one, or name one: make PYTHON=..." >&2; \
		exit 2; \
	fi; \
	echo "Setting up .venv (once, and when a lock changes)" >&2; \
	rm -rf .venv; \
	if command -v uv >/dev/null; then \
		uv venv --quiet --python "$$found" .venv; \
		set -- uv pip install --quiet --python .venv/bin/python; \
	else \
		"$$found" -m venv .venv; \
		set -- .venv/bin/python -m pip install --quiet --disable-pip-version-check; \
	fi; \
	"$$@" --no-deps --require-hashes $(LOCKS:%=--requirement %); \
	rm -rf .venv/lib/python*/site-packages/tests; \
	touch $@
