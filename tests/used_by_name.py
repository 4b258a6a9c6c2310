"""Names that code outside of the rooms reads: vulture takes them for used, each for its reason."""

# ruff: noqa: B018, F821

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # read by vulture, never run
    # paho and iotcore call these, or read them.
    _.on_connect
    _.on_disconnect
    _.on_message
    _.on_publish
    _.on_socket_open
    _.on_subscribe
    _.max_inflight_messages
    _.SessionExpiryInterval
    _._in_packet
    _._last_bytes_received

    # Read from the JSON of a statement that was issued.
    _.owners

    # Read by statement.typ.
    _.is_signed
    _.parties
    _.how_to_verify

    # columns of a row
    _.waived_by
    _.waived_reason
    _.waived_at
    _.closed_months
    _.first_closed
    _.last_closed
    _.minimum_at
    _.maximum_at

    # click, uvicorn, SQLAlchemy, Prometheus and numpy call these, or read them.
    _.list_commands
    _.get_command
    _.format_commands
    _.should_exit
    _.isolation_level
    _.impl
    _.cache_ok
    _.process_bind_param
    _.describe
    _.writeable

    # A setting that `config.working_days` reads from the environment, deep inside pure functions.
    _.working_days

    # Python itself: calls, subscripts, the end of a `with`.
    _.__call__
    _.__getitem__
    trace

    # Columns of HTTP rows whose names end in no unit.
    _.institutions_known
    _.institutions_registered
    _.days_changed
    _.device_state
    _.month_before
    _.newer
    _.normalised_conditions
    _.outdoor_temperature_mean_c
    _.pv_performance_ratio_stc
    _.register_quantity
    _.rows_left_off
    _.recomputes
    _.recomputes_left_off
    _.recomputed_by

    # What templates of pages and reports show.
    _.charts
    _.footer
    _.tiles
    _.tone
    _.verdicts
    _.waste_note

    # Counters that health, metrics and the operator's pages read field by field.
    _.batches
    _.dropped_qos0
    _.lag_s
    _.missed_frames
    _.clock_ahead_s
    _.unlisted_gateways
    _.spooled_bytes
    _.stale_acknowledgements
    _.store_failures

    # A field taken by position; a score that is printed with all its fields.
    _.changed_ms
    _.absorbed
    _.strange

    # Part of the frozen format of a model.
    _.cv_day_ratio

    # What the one who holds the installation may do, though no route asks for it yet.
    _.CLOSE
    _.SIGN
    _.ADMINISTER

    # How a file's texts are read, as sqlite3 looks for it.
    _.text_factory

    # The registry of figures says it; the tests hold portfolios to it.
    _.adds_over_places

    # Fields of the registry that quotas count by their names.
    _.outpatients
    _.intern_months
    _.day_pupils
    _.foreign_students
    # Settings that are read from the environment deep inside, in worker processes too.
    _.working_days
    _.savings_calibration
    # As people read a workbook in tests, without the places of its records.
    _.read_xlsx
    _.check_xlsx
