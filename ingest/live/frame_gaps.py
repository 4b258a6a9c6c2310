"""Radio frames that never arrived, told by the counters devices put into them."""

from collections.abc import Iterable

_LATE = 64
"""A counter that is lower by no more than this is a late or repeated frame, else a new start."""
_REMEMBERED_DEVICES = 100_000


class FrameGaps:
    """Remembers each device's last frame; knows nothing of the time before this process.

    A frame that arrives after a later one was counted as missed and stays so.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def missed(self, frames: Iterable[tuple[str, int]]) -> dict[str, int]:
        """How many frames are missing before those that came, by device."""
        found: dict[str, int] = {}
        for device, number in frames:
            last = self._last.get(device)
            if last is not None and last - _LATE <= number <= last:
                continue
            if last is not None and number > last + 1:
                found[device] = found.get(device, 0) + number - last - 1
            if len(self._last) >= _REMEMBERED_DEVICES:
                self._last.clear()
            self._last[device] = number
        return found
