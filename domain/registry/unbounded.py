"""What the registry does not say of a device, so that nothing but its habits judges its readings."""

from collections.abc import Iterable

from domain.places import AnyDevice, Bin, Meter

MAX_RATE, CAPACITY, TARE = "max_rate_per_h", "capacity_kg", "tare_kg"
EXPORT_RATE = "export_max_rate_per_h"
UNBOUNDED_FIELDS = (MAX_RATE, CAPACITY, TARE)


def unbounded(device: AnyDevice) -> tuple[str, ...]:
    """The fields a bound is missing in. A PV system cannot be registered without its capacity; a
    virtual meter has no readings; one that is out of service needs none. A tare of 0 is none."""
    if device.in_service_until is not None:
        return ()
    if isinstance(device, Meter):
        return (MAX_RATE,) if not device.formula and device.max_rate_per_h is None else ()
    if isinstance(device, Bin):
        missing = ((CAPACITY, device.capacity_kg is None), (TARE, device.tare_kg == 0))
        return tuple(field for field, is_missing in missing if is_missing)
    return ()


def count_unbounded(devices: Iterable[AnyDevice]) -> dict[str, int]:
    """How many devices lack each bound; fields that none lacks are left out."""
    found = dict.fromkeys(UNBOUNDED_FIELDS, 0)
    for device in devices:
        for field in unbounded(device):
            found[field] += 1
    return {field: count for field, count in found.items() if count}
