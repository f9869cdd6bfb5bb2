"""The room `report`: one module for each format; each knows only `guard.model`."""
