# infogan3d: `make demo` trains the embedded default, `make test` checks everything.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BASE   := $(VENV)/.installed
STAMP  := $(VENV)/.installed-dev
# A folder of wheels that pip already knows of is offered to uv as well.
export UV_FIND_LINKS ?= $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null)
export UV_LINK_MODE ?= copy
export HYDRA_FULL_ERROR ?= 0
size   ?= cpu

.PHONY: help setup demo paper weights test check shell clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP)  ## make the environment in .venv

$(BASE): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("infogan3d needs Python 3.11 to 3.13: give one with make PYTHON=python3.x ..." if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python -c constraints.txt -e .
	touch $@

$(STAMP): $(BASE)
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[dev]'
	touch $@

demo: $(BASE)  ## train the embedded default, then try the shipped model (two idle cores)
	$(BIN)/python -m infogan3d.train +experiment=demo
	$(BIN)/python -m infogan3d.prepare data=demo_chairs data.count=1 data.seed=1 data.pictures=runs/unseen
	$(BIN)/python -m infogan3d.reconstruct run=pretrained views=runs/unseen/rendered_chairs/chair_s1_000000
	$(BIN)/python -m infogan3d.generate run=pretrained count=5 walk=back_height page=true

paper: $(STAMP)  ## every experiment of the paper at size=cpu or size=gpu, and one page of them
	$(BIN)/python -m experiments.paper --size $(size)

weights: $(BASE)  ## train the shipped model anew and publish it (two cores without bf16: about two hours)
	$(BIN)/python -m infogan3d.train +experiment=pictures name=weights batches=2100 \
		data.count=8000 model.prior_steps=10000 checkpoint_every=100
	$(BIN)/python -m infogan3d.publish run=latest:weights to=infogan3d/weights/32 \
		notes=experiments/WEIGHTS.md

test: check  ## all checks and tests
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal --durations=10

check: $(STAMP)  ## style, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

shell: $(BASE)  ## a shell in the environment
	PATH="$(abspath $(BIN)):$$PATH" VIRTUAL_ENV="$(abspath $(VENV))" $${SHELL:-sh}

clean:  ## remove the environment and the caches (runs stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
