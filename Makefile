# Every line is one `python -m …`; README.md gives the same lines for a machine without make.
PYTHON ?= python3
UV ?= uv
PY = .venv/bin/python
READY = .venv/.built-from-the-lock
NBVAL = --nbval-current-env --nbval-cell-timeout=300 --dist loadscope

.PHONY: lab test check demo notebooks slides lock

lab: $(READY)           ## open the lessons
	$(PY) -m captionlib.course.lab

test: $(READY)          ## unit tests, then every lesson against its stored outputs; an empty cache, no real data
	env -u CAPTIONLIB_DATA -u CAPTIONLIB_CACHE $(PY) -m pytest tests -n 2 -m "not real_data and not browser and not over_seeds"
	env -u CAPTIONLIB_DATA -u CAPTIONLIB_CACHE $(PY) -m pytest notebooks -n 2 --nbval $(NBVAL)

check: $(READY)         ## real data (CAPTIONLIB_DATA), a real browser, claims over seeds; a test that skips counts as a failure
	$(PY) -m pytest tests -n 2 --dist loadfile -m "real_data or browser or over_seeds" --nothing-skips
	$(PY) -m pytest notebooks -n 2 --nbval-lax $(NBVAL) --nothing-skips

demo: $(READY)          ## caption scenes and write one page with captions and attention
	$(PY) -m captionlib demo

notebooks: $(READY)     ## run the lessons that are stale and store their outputs
	$(PY) notebooks/execute.py

slides: $(READY)        ## build the slide decks; open slides/_build/html/index.html
	$(PY) -m sphinx -q -W --keep-going -b revealjs slides slides/_build/html

lock:                   ## resolve the newest versions that fit pyproject.toml (needs uv and a network)
	$(UV) lock --upgrade
	$(UV) export --quiet --no-hashes --no-emit-project --all-extras --output-file requirements.lock

# .venv holds exactly what the lock names; it is built again only when the lock or pyproject.toml changes.
$(READY): requirements.lock pyproject.toml
	@if command -v $(UV) >/dev/null; then \
	  $(UV) venv --quiet --allow-existing .venv && \
	  $(UV) pip install --quiet --python $(PY) -r requirements.lock -e .; \
	else \
	  $(PYTHON) -c 'import sys; v = sys.version_info; (3, 11) <= v < (3, 14) or sys.exit("captionlib needs Python 3.11, 3.12 or 3.13, and \
	this is %d.%d: install one of them and name it, as in `make PYTHON=python3.12`." % v[:2])' && \
	  $(PYTHON) -m venv .venv && \
	  echo "Installing into .venv (a few minutes, once)" && \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock -e .; \
	fi
	@touch $@
