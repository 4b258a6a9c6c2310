"""What was true, written down, and results judged by it.

What the simulator leaves behind for a later check; ingest and processing never read these files:

- ``sent.parquet``: device, quantity, at_ms, value of every distinct good reading that the
  broker acknowledged (``sent-live.parquet`` for those after the backfill);
- ``truth.parquet``: institution, subject, name, month (``YYYY-MM``), day (null in rows that
  hold the whole month), value. Days before the present only; months that are over only;
- ``truth.json``: the same months, with seed, present, contracts, the faults that happened, and
  how many bad and extra messages were sent.
"""
