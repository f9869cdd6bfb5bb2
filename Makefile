# `make record`: run the programs of tests/differential with their real SDKs. `make compare`: hold guard against them.
PYTHON ?= python
ARGS ?=
REFEREE = PYTHONPATH=$(CURDIR)/tests/differential:$(CURDIR) $(PYTHON) -m

.PHONY: record compare
record:
	$(REFEREE) referee.record $(ARGS)

compare:
	$(REFEREE) referee.compare $(ARGS)
