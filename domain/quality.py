"""Quality codes of an interval value: one table, shown in both languages."""

from dataclasses import dataclass
from typing import Literal

QualityClass = Literal["measured", "estimated", "missing"]


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality code. `counts_as` says which share of a total it goes into."""

    code: str
    counts_as: QualityClass
    zh: str
    en: str


_ALL = (
    Quality("measured", "measured", "实测", "Measured"),
    Quality("corrected", "measured", "人工更正", "Measured, with a reading corrected by hand"),
    Quality(
        "interpolated", "estimated", "插值（边界邻近读数）", "Interpolated between near readings"
    ),
    Quality("filled_linear", "estimated", "线性补全", "Filled linearly"),
    Quality("filled_similar_day", "estimated", "相似日补全", "Filled from similar days"),
    Quality("filled_profile", "estimated", "典型曲线补全", "Filled from the building's profile"),
    Quality("partial", "missing", "部分缺失", "Partly missing"),
    Quality("missing", "missing", "缺失", "Missing"),
    Quality("doubtful", "missing", "存疑", "Doubtful: kept out until looked at"),
)
QUALITIES: dict[str, Quality] = {q.code: q for q in _ALL}
