"""``sent.parquet``: every distinct good reading that the broker acknowledged."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from simulators.devices.block import Block
from simulators.truth.parquet_pieces import ParquetPieces

_SENT = pa.schema(
    [
        ("device", pa.dictionary(pa.int32(), pa.string())),
        ("quantity", pa.dictionary(pa.int32(), pa.string())),
        ("at_ms", pa.int64()),
        ("value", pa.float64()),
    ]
)
_ROWS_AT_ONCE = 50_000


class SentFile(ParquetPieces):
    """Writes acknowledged readings, in row groups, so memory stays small."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SENT)
        self.readings = 0
        self._tables: list[pa.Table] = []
        self._rows = 0

    def add(self, block: Block) -> None:
        """Keep a block that was acknowledged whole."""
        for column, quantity in enumerate(block.quantities):
            values = block.values[:, column]
            known = ~np.isnan(values)
            count = int(known.sum())
            if count:
                columns = [
                    pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), [block.device]),
                    pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), [quantity]),
                    pa.array(block.at_ms[known]),
                    pa.array(values[known]),
                ]
                self._tables.append(pa.table(columns, schema=_SENT))
                self._rows += count
        if self._rows >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._tables:
            self._writer.write_table(pa.concat_tables(self._tables).unify_dictionaries())
        self.readings += self._rows
        self._tables, self._rows = [], 0
