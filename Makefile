# make ask Q="…"   installs on the first run, indexes seeds/ and answers
# make test        what a change has to pass
# Works with GNU make 3.81, which macOS has.

SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --quiet
QUOTH := $(VENV)/bin/quoth
LIBRARY := .quoth/seeds
# Stamps: an installation is repeated when pyproject.toml changes, and only then
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev

# The question goes through the environment as it was typed: make would expand a $ in it, and a shell its quotes
override Q := $(value Q)
export Q

# PyTorch of make install-locked: verified (from the default index by hash; on Linux with CUDA, about 3 GB), or cpu (from
# PyTorch's own index, by version alone)
TORCH ?= verified

.PHONY: help ask test test-faults test-oracle test-real-files lint install-locked lock audit clean
.DEFAULT_GOAL := help

help:
	@echo 'make ask Q="How much cybercrime was discovered in 2013?"'
	@echo '            answer from the documents in seeds/ (the first run installs: minutes)'
	@echo 'make test   ruff, mypy and pytest'
	@echo 'make test-faults'
	@echo '            a failing disk and a killed process, at every single step (about an hour)'
	@echo 'make test-oracle'
	@echo '            document text in Discord against a foreign parser (needs node and the npm registry)'
	@echo 'make test-real-files'
	@echo '            some 1,300 real files of Debian and PyPI (about 10 minutes and 150 MB)'
	@echo 'make lint   ruff and mypy'
	@echo 'make install-locked'
	@echo '            install the bot with every package at the version and hash of the lock (TORCH=cpu: PyTorch without CUDA)'
	@echo 'make lock   renew the lock: the newest versions that fit'
	@echo 'make audit  ask for known vulnerabilities in what the lock names (needs the network)'
	@echo 'make clean  remove the environment, the library of seeds/ and caches'

ask: $(INSTALLED)
	@if [ -z "$$Q" ]; then \
		echo 'Usage: make ask Q="How much cybercrime was discovered in 2013?"' >&2; exit 2; \
	fi
	@$(QUOTH) index --library $(LIBRARY) seeds > /dev/null
	@$(QUOTH) ask --library $(LIBRARY) -- "$$Q"

# A file's tests stay in one process: they share what takes long to make
test: lint
	$(PYTHON) -m pytest --numprocesses auto --dist loadfile

test-faults: $(INSTALLED_DEV)
	QUOTH_FAULTS=all $(PYTHON) -m pytest tests/faults tests/security tests/bot/wire/test_chaos.py

test-oracle: $(INSTALLED_DEV)
	QUOTH_ORACLE=install QUOTH_EXAMPLES=1000 $(PYTHON) -m pytest -rs tests/bot/test_discord_markdown.py

# Some hundreds of real files, downloaded into the folder and never copied from there
REAL_FILES ?= .quoth/real-files
test-real-files: $(INSTALLED_DEV)
	QUOTH_REAL_FILES=$(REAL_FILES) $(PYTHON) -m pytest -rs tests/documents/test_real_files.py

lint: $(INSTALLED_DEV)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy

# The lock knows what Quoth needs, so Quoth itself is installed without looking for anything, its build tools included
install-locked: $(VENV)/made
	@case '$(TORCH)' in \
	verified) $(PIP) install --require-hashes -r requirements.lock -r requirements-torch.lock ;; \
	cpu) torch=$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements-torch.lock); \
		{ $(PIP) --timeout 5 --retries 0 install --no-deps --index-url https://download.pytorch.org/whl/cpu "$$torch" \
			2> /dev/null || $(PIP) install --no-deps "$$torch"; } \
		&& $(PIP) install --require-hashes -r requirements.lock ;; \
	*) echo 'TORCH is verified or cpu' >&2; exit 2 ;; \
	esac
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@touch $(VENV)/torch $(INSTALLED)

lock: $(VENV)/made
	$(PIP) install 'uv>=0.9'
	$(PYTHON) tools/lock.py $(VENV)/bin/uv

# A package that the service doesn't know is a failure too: else "nobody could be asked" would look like "nothing found"
audit: $(VENV)/made
	$(PIP) install 'pip-audit>=2.9'
	$(VENV)/bin/pip-audit --strict --disable-pip --no-deps -r requirements.lock -r requirements-torch.lock

clean:
	rm -rf $(VENV) .quoth build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml | $(VENV)/torch
	@echo 'Installing Quoth and what it needs into $(VENV), a minute or two …' >&2
	@$(PIP) install --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(VENV)/torch
	@echo 'Installing Quoth and the tools that test it into $(VENV) …' >&2
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(INSTALLED)

# On Linux the default index has torch with gigabytes of CUDA libraries, PyTorch's own has it without. One try of
# five seconds; where that index can't be reached, pip takes torch from the default one.
$(VENV)/torch: $(VENV)/made
	@if [ "$$(uname -s)" = Linux ]; then \
		echo 'Installing PyTorch for CPUs: about 200 MB, a minute or two …' >&2; \
		$(PIP) --timeout 5 --retries 0 install --no-deps --index-url https://download.pytorch.org/whl/cpu \
			'torch>=2.13,<2.14' 2> /dev/null \
		|| { echo "PyTorch's own index can't be reached; taking PyTorch from the default index …" >&2; \
			$(PIP) install 'torch>=2.13,<2.14'; }; \
	fi
	@touch $@

$(VENV)/made:
	@for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do \
		if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
			echo "Making $(VENV) with $$($$candidate --version) …" >&2; \
			$$candidate -m venv $(VENV) && touch $@ && exit 0; \
			exit 1; \
		fi; \
	done; \
	echo 'Quoth needs Python 3.11 or later with its venv module, and none was found. Install it:' >&2; \
	echo '  Debian, Ubuntu: apt install python3 python3-venv make' >&2; \
	echo '  macOS:          brew install python@3.13' >&2; \
	exit 1
