"""What to say of a model name that somebody typed. In: name and provider. Out: sentences; empty where all is well.

Neighbours: `guard.commands` shows them for `guard prices show` and `guard tokens`; `guard.estimate.prices` knows the
names.
"""

from __future__ import annotations

from guard.estimate.prices import load


def not_listed(model: str, provider: str | None) -> str:
    """Why a model has no price, and what may have been meant."""
    table = load()
    near = table.suggest(model, provider)
    meant = f"{', '.join(near[:-1])} or {near[-1]}" if len(near) > 1 else "".join(near)
    hint = f"Did you mean {meant}?" if near else "`guard prices list FILTER` searches the table."
    return f"{table.why_not(model, provider)} (prices of {table.as_of}). {hint}"


def unknown(model: str, provider: str | None) -> str:
    """Why tokens are not counted for a model that nobody lists; empty where they are.

    A listed name whose seller is not said is known. With a provider a name may be one of the user's own (a deployment,
    a tuned model), whose text is counted as that provider's models do.
    """
    if provider is not None or load().find(model, provider) is not None or _sold(model):
        return ""
    return f"{not_listed(model, None)} `--provider` counts a name of your own as that provider's models do."


def _sold(model: str) -> bool:
    """Whether somebody sells a model under this name."""
    return any(key.endswith(f"/{model.strip().lower()}") for key in load().ids())


def doubt(model: str, provider: str | None) -> str:
    """Why a count of tokens may mean little for a model; empty where nothing speaks against it."""
    row = load().find(model, provider)
    if row is None:
        return "" if _sold(model) else f"{not_listed(model, provider)} Its tokenizer is guessed from the name."
    if row.rates.input is None:
        return f"{row.price_id} is not billed by tokens of text (`guard prices show` says by what)."
    return ""
