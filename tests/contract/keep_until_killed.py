"""Keeps, joins reasons to, and forgets messages of a ledger until it is killed: `… URL SEED`."""

import random
import sys

from store.ledger.kept import KeptMessage, Reason
from store.opening import open_ledger


def main() -> None:
    ledger, chance = open_ledger(sys.argv[1]), random.Random(int(sys.argv[2]))
    print("begun", flush=True)
    while True:
        some = [
            KeptMessage(
                source=f"s{chance.randrange(5)}",
                reasons=(Reason(chance.choice("abc"), f"d{chance.randrange(9)}"),),
                topic="t",
                payload=b"%d" % chance.randrange(400),
                arrived_at_ms=0,
            )
            for _ in range(chance.randrange(1, 40))
        ]
        ledger.keep_messages(some)
        ledger.forget_messages([m.digest for m in chance.sample(some, len(some) // 3)])


if __name__ == "__main__":
    main()
