"""What a kWh of a carrier is worth on a day: by what was agreed, or by the dated tariff."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from config.factors_tariffs import Tariff
from domain.contracts.statement import SettlementError
from domain.contracts.terms import Prices, amount_on

AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The prices of an agreement; `tariff` gives the tariff of its place on a day."""

    prices: Prices
    tariff: Callable[[date], Tariff | None]

    def by_period(self, carrier: str) -> bool:
        """Whether the carrier's price depends on the hour."""
        agreed = self.prices.agreed
        if any(c == carrier and period for c, period in agreed):
            return True
        return carrier == "electricity" and self.prices.by_tariff and (carrier, "") not in agreed

    def spans(self, carrier: str, start: date, end: date) -> list[tuple[date, date]]:
        """[start, end) cut where a price of the carrier changes."""
        days = [start + timedelta(days=i) for i in range((end - start).days)]
        edges = [d for d in days[1:] if self._state(carrier, d) != self._state(carrier, d - _DAY)]
        return list(zip([start, *edges], [*edges, end], strict=True))

    def price(self, carrier: str, period: str, day: date) -> tuple[Decimal, str]:
        """CNY per kWh, and where that is from. A period without a price of its own has that of all
        hours. Raises SettlementError where there is none."""
        for key in ((carrier, period), (carrier, "")):
            found = amount_on(self.prices.agreed.get(key, ()), day)
            if found is not None:
                return found, AGREED
        tariff = self.tariff(day) if self.prices.by_tariff and carrier == "electricity" else None
        if tariff is None or not period:
            what = f"{carrier}/{period}" if period else carrier
            raise SettlementError(
                "price_missing",
                f"no price of {what} on {day}: add a row `price` of {what} to payment_terms"
                ", valid from that day or earlier",
                what=what,
                day=str(day),
            )
        price = Decimal(repr(round(tariff.price_cny_per_kwh(period), 6)))
        return price, f"tariff.{tariff.region}.{period} {tariff.valid_from}"

    def _state(self, carrier: str, day: date) -> object:
        agreed = [
            (key, amount_on(amounts, day))
            for key, amounts in self.prices.agreed.items()
            if key[0] == carrier
        ]
        tariff = self.tariff(day) if self.prices.by_tariff and carrier == "electricity" else None
        return agreed, tariff and tariff.valid_from


_DAY = timedelta(days=1)
