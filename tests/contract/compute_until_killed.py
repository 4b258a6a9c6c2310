"""Keeps and closes months of a ledger until it is killed: `… URL SEED`."""

import random
import sys

from api.views import VIEWS
from domain.calendar import Month
from store.opening import open_ledger
from tests.ledger_sample import result


def main() -> None:
    ledger, chance = open_ledger(sys.argv[1], lambda: VIEWS), random.Random(int(sys.argv[2]))
    ledger.save_result(result(0.5, "a", Month(2026, 2)))  # views are made by what loads slowly
    print("begun", flush=True)
    while True:
        name, month = chance.choice("ab"), Month(2026, chance.choice((2, 3)))
        ledger.save_result(result(float(chance.randrange(1_000)), name, month))
        if chance.random() < 0.3:
            ledger.close(name, month, signed_by="x", reason="again")


if __name__ == "__main__":
    main()
