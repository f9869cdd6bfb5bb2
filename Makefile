# `make record`: run the programs of tests/differential with their real SDKs. `make compare`: hold guard against them.
# `make accuracy`: write the table of programs and measures into docs/accuracy.md; ARGS: folders of repositories.
PYTHON ?= python
ARGS ?=
REFEREE = PYTHONPATH=$(CURDIR)/tests/differential:$(CURDIR) $(PYTHON) -m

.PHONY: record compare accuracy
record:
	$(REFEREE) referee.record $(ARGS)

compare:
	$(REFEREE) referee.compare $(ARGS)

accuracy:
	$(REFEREE) referee.table $(ARGS)
