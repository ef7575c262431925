# `make` alone prints the commands. Each first creates .venv from the hash-locked requirements, once.

PYTHON ?= python3
STUDY ?= paper
# An image has an environment already, and says where (Dockerfile): it is taken where its lock is the one here.
SAME := $(if $(DETENTE_ENVIRONMENT),$(shell cmp -s requirements.lock $(DETENTE_ENVIRONMENT)/requirements.lock && echo same))
VENV := $(if $(SAME),$(DETENTE_ENVIRONMENT),.venv)
READY := $(VENV)/.ready
SNAKEMAKE := $(VENV)/bin/python -m snakemake
DETENTE := $(VENV)/bin/python -m detente
BENCH := benchmarks/.venv
UNIX := $(PYTHON) -c 'import sys; sys.exit(sys.platform == "win32")' || { echo 'the workflow does not run on Windows: its steps need bash; run it in the Windows Subsystem for Linux (WSL)'; exit 1; }
RECENT := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'detente needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3'; exit 1; }
# What `snakemake --lint` finds, but that no rule names an environment: steps run in the one that runs Snakemake.
LINTED := { said = said $$0 "\n" } /^    \* / { n++; if (!/a conda environment or container/) bad = 1 } END { if (bad || !n) { printf "%s", said; exit 1 } }
# Runs a command once the same one beside it has ended, in whatever way.
ALONE := $(PYTHON) -c 'import fcntl, os, sys; lock = os.open("$(VENV).lock", os.O_CREAT | os.O_RDWR); fcntl.flock(lock, fcntl.LOCK_EX); os.set_inheritable(lock, True); os.execvp(sys.argv[1], sys.argv[1:])'

# Programs run as modules, and the package from here: a checkout that was moved or copied runs its own code.
export PYTHONPATH := $(CURDIR)/workflow/src

.DEFAULT_GOAL := help
.PHONY: help demo paper robustness site replicate verify package test test-slow test-all nightly lint bench data-page

help:
	@printf '%s\n' \
	  'make demo       the whole paper on a simulated world with known effects -> reports/demo/' \
	  'make paper      the whole paper on the observed record -> reports/paper/ (raw files: data/raw/README.md; QUICK=1: no appendix)' \
	  'make robustness every defensible specification of every claim, and the claims ledger -> reports/claims/robustness.html' \
	  'make site       the study to explore: a page per claim with all of its specifications -> reports/paper/site/index.html' \
	  'make replicate  published tables re-estimated, number by number -> reports/replicate/' \
	  'make verify     rebuilds all of it in an empty folder and compares -> reports/paper/verification.html' \
	  'make package    a replication package for a journal -> dist/' \
	  'make test       the test suite, about six minutes, without any raw file' \
	  'make test-all   the same, then the slow tests and those of the record' \
	  'make nightly    what takes hours: coverage at full size, checks of bounds, Slurm, images, the robustness of the paper' \
	  'make lint       style, types, workflow' \
	  'make data-page  docs/data.md and its chart, from the raw files' \
	  'make bench      speed and memory beside linearmodels and pyfixest -> reports/bench/bench.json' \
	  '' \
	  'A study of your own: $(SNAKEMAKE) mine --configfile mine.yaml (see config/study/)'

# Two first commands at once make one environment: the second waits, and finds it made.
$(READY): $(if $(SAME),,requirements.lock pyproject.toml)
	@$(UNIX)
	@$(RECENT)
	@$(ALONE) $(MAKE) --no-print-directory $(VENV)/.made
	@touch $@

$(VENV)/.made: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	-@$(VENV)/bin/python -m compileall -q $(VENV)/lib workflow/src 2>/dev/null
	@$(VENV)/bin/python -c 'from detente.stats.kernels import warm; warm()'
	@touch $@

demo replicate: $(READY)
	@$(DETENTE) run $@

# Its appendix fits thousands of specifications.
paper: $(READY)
	@$(if $(QUICK),,echo 'The paper with its appendix on robustness takes more than five minutes; make paper QUICK=1 leaves the appendix out.')
	@$(DETENTE) run paper $(if $(QUICK),--quick)

# Finished parts stay: a run that was killed goes on where it stopped.
robustness: $(READY)
	@$(DETENTE) run $(if $(filter file,$(origin STUDY)),claims,$(STUDY)) robustness

site: $(READY)
	@$(DETENTE) run $(STUDY) site

verify: $(READY)
	@$(DETENTE) verify --study $(STUDY) $(if $(ROBUSTNESS),--robustness) $(if $(MANIFEST),--manifest $(MANIFEST))

package: $(READY)
	@$(DETENTE) run $(STUDY)
	@$(if $(ROBUSTNESS),$(DETENTE) run $(STUDY) robustness)
	@$(DETENTE) package --study $(STUDY) $(if $(ROBUSTNESS),--robustness)

test: $(READY)
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'not slow and not record and not nightly'

test-slow: $(READY)
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m '(slow or record) and not nightly'

test-all: test test-slow

# Says at the end what ran, and what was skipped and why.
nightly: $(READY)
	@tests/nightly

lint: $(READY)
	@$(VENV)/bin/python -m ruff check
	@$(VENV)/bin/python -m ruff format --check
	@$(VENV)/bin/python -m mypy
	@$(VENV)/bin/python -m snakefmt --check Snakefile workflow/rules
	@$(SNAKEMAKE) --lint 2>&1 | awk '$(LINTED)'

# A mirror named by DETENTE_MIRROR saves downloading what is not in data/raw/.
data-page: $(READY)
	@$(DETENTE) datapage --out docs/data.md --chart docs/images/coverage.svg

$(BENCH)/.ready: requirements.lock benchmarks/requirements.lock pyproject.toml
	@$(RECENT)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock --requirement benchmarks/requirements.lock
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	-@$(BENCH)/bin/python -m compileall -q $(BENCH)/lib workflow/src 2>/dev/null
	@$(BENCH)/bin/python -c 'from detente.stats.kernels import warm; warm()'
	@touch $@

# Commands are measured where they are used: libraries of peers would be loaded by them, too.
bench: $(BENCH)/.ready $(READY)
	@$(BENCH)/bin/python -m benchmarks
	@$(VENV)/bin/python -m benchmarks.commands
	@$(BENCH)/bin/python -m benchmarks.growth --chart docs/images/growth.svg
