# Every target does its own set-up on a fresh Debian, Ubuntu or Raspberry Pi OS machine.

.DEFAULT_GOAL := help
.PHONY: help demo receiver deb fuzz test test-quick test-all first-half second-half other-libraries test-debian-libraries test-arm64 check check-python check-types \
	check-shell release-check trees newest-libraries bench clean \
	needs-demo needs-deb needs-test needs-arm64
.DELETE_ON_ERROR:
# A fresh machine lacks what the virtual environment is made with, so the needs come before it, in the order written.
.NOTPARALLEL:

# Tests start Python thousands of times: what it compiles is kept, whatever this machine is set to.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(PYTHON) -m pip --quiet install
BENCH_PIP = PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(@D)/bin/python -m pip --quiet
# What meets a library's every change: its errors, its keys, a whole set-up.
WITH_OLD_LIBRARIES := tests/unit/test_keys.py tests/unit/test_errors.py tests/unit/receiver/hosts tests/unit/cli/test_help.py \
	tests/unit/tools tests/contract/test_camera_client.py tests/hostile/test_wire.py tests/end_to_end/test_local.py
# What shells and documents alone decide, whatever libraries there are.
NEEDS_NO_LIBRARY := tests/unit/tools tests/unit/benchmarks tests/unit/test_architecture.py tests/unit/test_readme.py \
	tests/unit/test_plain_shell.py tests/unit/receiver/test_journal.py tests/unit/receiver/test_script.py \
	tests/unit/receiver/test_by_hand.py tests/unit/camera/test_by_hand.py
LIBRARIES_LOG := .trees/other-libraries.log
SOURCES := receiver_setup tests tools benchmarks packaging ansible .ci
ANSIBLE := .venv-ansible
# Two thirds of a test's time is waiting for servers; where nothing else runs beside, more of them wait at a time.
WORKERS_A_CORE := 3
PYTEST = $(PYTHON) -m pytest -n $$(($(WORKERS_A_CORE) * $$(nproc))) --dist worksteal --durations 10
# Targets that take their time and need each other's files in nothing, at the same time; Ctrl-C ends them all.
TOGETHER = printf '%s\n' $(1) | xargs -n 1 -P 4 $(MAKE) --no-print-directory

help: ## Show the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: needs-demo $(VENV)/.installed ## The whole story on this machine; nothing is left behind
	$(VENV)/bin/receiver-setup demo

# TREE=bullseye is a tree of `make trees` instead of this machine.
receiver: needs-test $(VENV)/.installed-test ## A throw-away receiver, an emulated camera, and a shell that reaches both
	$(PYTHON) tools/try-receiver $(if $(TREE),--tree $(TREE))

deb: needs-deb ## Build the Debian package, dist/receiver-setup_VERSION_all.deb
	tools/build-deb

# ARGS='tests/unit/cli -k help' runs a part, of everything that there is, and checks nothing before.
test: $(if $(ARGS),needs-test $(VENV)/.installed-test $(ANSIBLE)/.installed,check) ## Check the code and run what is run many times a day; ARGS='…' runs a part
	$(PYTEST) $(or $(ARGS),-m "not rest")

test test-quick: WORKERS_A_CORE := 4

test-quick: needs-test $(VENV)/.installed-test ## Run the units and contracts alone
	$(PYTEST) tests/unit tests/contract

# What waits for a mirror goes along with what needs nothing of it; then the libraries of other releases with the rest.
test-all: needs-test $(VENV)/.installed-test ## Run all of `make test`, and the rest: see docs/development.md
	$(call TOGETHER,trees newest-libraries check first-half)
	failed=; $(call TOGETHER,second-half other-libraries) || failed=yes; cat $(LIBRARIES_LOG); [ -z "$$failed" ]

# On a fresh machine all workers would compile each test at once, so it is done once before.
first-half: $(VENV)/.installed-test
	-@$(PYTHON) -m pytest --collect-only --quiet >/dev/null
	$(PYTEST) --hypothesis-profile=thorough tests/unit tests/contract

second-half: $(VENV)/.installed-test $(ANSIBLE)/.installed
	$(PYTEST) --hypothesis-profile=thorough --ignore tests/unit --ignore tests/contract

# Fills what the other suite leaves of the processors, which waits a lot; what it says is shown after that one. What the
# search finds is told and kept for the tests; another minute may find something else, so it fails nothing by itself.
other-libraries:
	@: >$(LIBRARIES_LOG)
	nice -n 3 tools/test-debian-libraries here --quiet -n "$$(nproc)" $(WITH_OLD_LIBRARIES) >>$(LIBRARIES_LOG) 2>&1
	nice -n 3 tools/test-debian-libraries sid --quiet -n "$$(nproc)" $(NEEDS_NO_LIBRARY:%=--ignore %) \
	  tests/unit tests/contract tests/hostile/test_wire.py >>$(LIBRARIES_LOG) 2>&1
	-nice -n 3 $(MAKE) --no-print-directory fuzz >>$(LIBRARIES_LOG) 2>&1

fuzz: $(VENV)/.installed-test ## Look for FUZZ_SECONDS (60) for texts of others that a parser of ours trips over
	PYTHONPATH=tests $(PYTHON) -m support.fuzz $(or $(FUZZ_SECONDS),60)

test-debian-libraries: needs-test trees ## Run all tests with the libraries of this Debian, then with Debian 13's
	tools/test-debian-libraries here
	tools/test-debian-libraries trixie

# Slow, as root, 200 MB; no part of `make test`.
test-arm64: needs-test needs-arm64 $(VENV)/.installed-test ## Install and set up in an emulated arm64 system
	tools/with-arm64 tools/build-trees trixie-arm64 trixie-arm64-packages
	RECEIVER_SETUP_ARM64=1 tools/with-arm64 $(PYTHON) -m pytest tests/end_to_end/test_arm64.py

check: needs-test ## Lint, types and formatting, of Python, shell and the collection
	tools/check-words $(wildcard $(SOURCES)) docs $(wildcard *.md *.toml)
	$(call TOGETHER,check-python check-shell $(ANSIBLE)/.checked)

check-python: $(VENV)/.installed-test
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(call TOGETHER,check-types check-types-darwin check-types-win32)

check-types: $(VENV)/.installed-test
	$(PYTHON) -m mypy

# What only Linux runs is left out: the throw-away receiver, and the story that plays on it.
check-types-%: $(VENV)/.installed-test
	$(PYTHON) -m mypy --platform $* --cache-dir .mypy_cache/$* receiver_setup \
	  --exclude '^receiver_setup/(emulator/receiver/[a-z_]+|cli/commands/demo|cli/demo/story)\.py$$'

check-shell:
	shellcheck $$(shfmt -f $(wildcard $(SOURCES)))
	shfmt -i 2 -ci -d $$(shfmt -f $(wildcard $(SOURCES)))

# What cannot be built, without a network for one, costs its own tests alone: they are skipped and say why.
trees: needs-test ## Build what tests make other receivers of; kept in .trees
	-@tools/build-trees

newest-libraries: needs-test
	-@tools/build-trees sid-suite

# ONLY=start,setup,receiver,collection,fleet,slow,hostile measures some of it, ROUNDS=1 in a hurry; the others are at their newest.
OTHERS := .venv-bench
BENCH_NEEDS := $(if $(ONLY),$(if $(findstring receiver,$(ONLY)),yes),yes)
COLLECTION_NEEDS := $(if $(ONLY),$(if $(findstring collection,$(ONLY)),yes),yes)

bench: needs-test $(VENV)/.installed-test $(if $(BENCH_NEEDS),$(OTHERS)/ansible/.installed $(OTHERS)/pyinfra/.installed) $(if $(COLLECTION_NEEDS),$(ANSIBLE)/.installed) ## Measure against scripts by hand, Ansible and pyinfra; prints ratios
	ONLY=$(ONLY) ROUNDS=$(ROUNDS) $(PYTHON) benchmarks $(BENCH_OPTIONS)

$(OTHERS)/%/.created:
	python=$$(tools/find-python) && "$$python" -m venv --clear $(@D)
	touch $@

$(OTHERS)/pyinfra/.installed: $(OTHERS)/pyinfra/.created
	$(BENCH_PIP) install pyinfra
	touch $@

# Of the package `ansible`, which has every collection there is, only the one that is measured is unpacked.
$(OTHERS)/ansible/.installed: $(OTHERS)/ansible/.created
	$(BENCH_PIP) install ansible-core
	$(BENCH_PIP) download --no-deps --dest $(@D)/wheel ansible
	cd $(@D) && bin/python -c "import glob, zipfile; whole = zipfile.ZipFile(glob.glob('wheel/*.whl')[0]); \
	  whole.extractall('collections', [n for n in whole.namelist() if n.startswith('ansible_collections/ansible/posix/')])"
	rm -rf $(@D)/wheel
	touch $@

# Needs the network for what pip installs beside the wheel, and uploads nothing.
release-check: needs-test $(ANSIBLE)/.installed ## Rehearse a release: build all of it twice, try the wheel; dist/release
	tools/release-check

clean: ## Remove what the other targets made here
	rm -rf $(VENV) .venv-debian $(ANSIBLE) $(OTHERS) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	rm -rf .trees 2>/dev/null || unshare --user --map-root-user --map-auto rm -rf .trees
	find $(wildcard $(SOURCES)) -name __pycache__ -prune -exec rm -rf {} +

needs-demo:
	@tools/install-needs demo

needs-deb:
	@tools/install-needs deb

needs-arm64:
	@tools/install-needs arm64

needs-test:
	@tools/install-needs test

$(VENV)/.created:
	python=$$(tools/find-python) && "$$python" -m venv --clear $(VENV)
	touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.created
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/.created
	$(PIP) --editable '.[test,check]'
	touch $@

# ansible-core of Debian 12, and the newest one for this Python.
$(ANSIBLE)/.installed: pyproject.toml tools/check-ansible
	tools/check-ansible venvs
	touch $@

# Takes half a minute, so only where something of it was changed.
$(ANSIBLE)/.checked: $(ANSIBLE)/.installed $(shell find ansible -type f -not -path '*/__pycache__/*')
	tools/check-ansible check
	touch $@
