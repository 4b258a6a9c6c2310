"""Make the shipped Parquet files from a folder with the full archives.

    python -m simulators.data.build FOLDER

FOLDER holds ``cambridge/`` and ``pv/`` as PROVENANCE.md describes. Running it again gives the
same numbers.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
BUILDINGS = ("b20", "b31", "b64", "b105")
PERIOD = (pd.Timestamp("2018-01-01"), pd.Timestamp("2020-01-01"))
REAL_ZEROS_FROM = 0.04
"""A gas meter whose hours are 0 more often than this really rests; elsewhere 0 is an outage."""


def cambridge(folder: Path) -> None:
    """Hourly use of the chosen buildings, in tenths of kWh; null where the archive put 0."""
    whole = pd.read_parquet(folder / "hourly_tenths_kwh_2017_2022.parquet")
    start, end = PERIOD
    hours = pd.date_range(start, end, freq="h", inclusive="left")
    hour = (hours - pd.Timestamp(0)) // pd.Timedelta(hours=1)
    use: dict[str, object] = {"hour": hour}
    for building in BUILDINGS:
        for fuel in ("electricity", "gas"):
            chosen = whole[(whole["building"] == building) & (whole["fuel"] == fuel)]
            tenths = chosen.set_index("ts")["tenths"].reindex(hours)
            keep_zeros = fuel == "gas" and (tenths == 0).mean() > REAL_ZEROS_FROM
            known = tenths if keep_zeros else tenths.where(tenths != 0)
            use[f"{building}_{fuel}"] = known.to_numpy()
    _write(pd.DataFrame(use), "cambridge_use", dict.fromkeys(use, "int32"))

    weather = pd.read_parquet(folder / "bedford_weather_hourly_2017_2022.parquet")
    weather = weather.set_index("ts").reindex(hours)
    weather_tenths = pd.DataFrame(
        {
            "hour": hour,
            "outdoor_temperature_c": weather["air_temperature_c"].to_numpy() * 10,
            "relative_humidity_pct": weather["relative_humidity_pct"].to_numpy() * 10,
            "irradiance_w_per_m2": weather["ghi_w_per_m2"].to_numpy() * 10,
        }
    )
    _write(weather_tenths, "bedford_weather", {"hour": "int32"})


def pvdaq(folder: Path) -> None:
    """AC power in tenths of W every 15 min, and its satellite weather in tenths every 30 min."""
    power = pd.read_parquet(folder / "pvdaq_50_ac_power_15min_2012.parquet")
    watts = power["ac_power_w"].clip(lower=0).astype("float64")
    frame = pd.DataFrame({"minute": _minutes(power["measured_on"]), "ac_power_w": watts * 10})
    _write(frame, "pvdaq_50_power", {"minute": "int32", "ac_power_w": "int32"})

    weather = pd.read_parquet(folder / "psm3_weather_30min_2012.parquet")
    frame = pd.DataFrame(
        {
            "minute": _minutes(weather["ts"]),
            "outdoor_temperature_c": weather["temp_air"].astype("float64") * 10,
            "irradiance_w_per_m2": weather["ghi"].astype("float64") * 10,
        }
    )
    _write(frame, "pvdaq_50_weather", {"minute": "int32"})


def _minutes(stamps: "pd.Series") -> "np.typing.NDArray[np.int64]":
    utc = pd.DatetimeIndex(stamps).tz_convert("UTC").tz_localize(None)
    return np.asarray((utc - pd.Timestamp(0)) // pd.Timedelta(minutes=1), dtype=np.int64)


def _write(frame: pd.DataFrame, name: str, types: dict[str, str]) -> None:
    whole = frame.round().astype({c: types.get(c, "int16").title() for c in frame.columns})
    whole.to_parquet(
        HERE / f"{name}.parquet", compression="zstd", compression_level=19, index=False
    )
    print(f"{name}.parquet: {len(whole):,} rows")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m simulators.data.build FOLDER (with cambridge/ and pv/ in it)")
        return 2
    cambridge(Path(arguments[0]) / "cambridge")
    pvdaq(Path(arguments[0]) / "pv")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
