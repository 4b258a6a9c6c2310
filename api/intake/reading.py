"""Which reader a posted body has, by its content type."""

from functools import partial

from api.intake.blocks import BLOCKS, Blocks, csv_blocks
from api.problems import ProblemError
from domain.calendar import zone_or_none


def reader_of(media: str, tz: str = "") -> Blocks:
    """What reads bodies of a content type; of a table, with times that have no zone local in `tz`.

    Raises ProblemError 415 for another type, 422 for a zone that is none or of no table.
    """
    reader = BLOCKS.get(media)
    if reader is None:
        raise ProblemError(415, "unsupported_media", given=media or "–", offered=", ".join(BLOCKS))
    if tz and (media != "text/csv" or zone_or_none(tz) is None):
        reason = f"tz={tz[:50]} is no time zone, or the body is no table (text/csv)"
        raise ProblemError(422, "bad_parameter", where="query.tz", reason=reason)
    return partial(csv_blocks, timezone=tz) if tz else reader
