"""Compile what models take beside text. In: litellm's wheel, the price table. Out: guard/estimate/data/abilities.tsv.

    pip download --no-deps -d wheels litellm==1.109.1
    python tools/compile_abilities.py --wheels wheels

One line for each row of the price table that writes text and that litellm lists: `provider/id`, then a letter for each
thing that it says the model takes: t tools, s a schema for the answer, v images, p PDF files, a audio. A letter that is
missing says that nobody says so, not that the model does not. The same wheel and table give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from price_litellm import litellm_offers

DATA = Path(__file__).parent.parent / "guard" / "estimate" / "data"
OF_TEXT = ("chat", "text_completion", "unknown")


def main() -> None:
    """Write the table and say what is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--wheels", type=Path, required=True, help="folder with the wheel of litellm")
    parser.add_argument("--out", type=Path, default=DATA / "abilities.tsv")
    args = parser.parse_args()
    (wheel,) = args.wheels.glob("litellm-*.whl")
    found = {f"{provider}/{name}": offer for (provider, name), offer in litellm_offers(wheel)}
    priced = [line.partition("\t")[0] for line in (DATA / "prices.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    listed = [key for key in priced if key in found and found[key].mode in OF_TEXT]
    body = "".join(f"{key}\t{found[key].abilities}\n" for key in sorted(listed))
    head = {
        "package": "litellm",
        "version": wheel.name.split("-")[1],
        "rows": len(listed),
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
    }
    args.out.write_text(json.dumps(head, sort_keys=True) + "\n" + body, encoding="utf-8", newline="\n")
    print(f"{len(listed)} of {len(priced)} rows; {sum(1 for key in listed if 't' in found[key].abilities)} take tools")


if __name__ == "__main__":
    main()
