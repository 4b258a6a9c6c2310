"""A Parquet file that is written piece by piece, so memory stays small."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq


class ParquetPieces(ABC):
    """Subclasses gather rows and write those that wait when they are many; the end of the
    ``with`` block writes the rest and closes the file. Its folder is made if need be.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()
        self._writer.close()

    @abstractmethod
    def _flush(self) -> None:
        """Write what waits, if anything."""
