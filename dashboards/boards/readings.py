"""The readings dashboard: raw series of one institution, straight from InfluxDB."""

from dashboards.panels.frame import Json, Section, board, data_source
from dashboards.panels.influx import INFLUXDB, SeriesPanel, Shown, tag_choice
from dashboards.panels.words import Say, Words

SECTIONS: dict[str, tuple[Shown, ...]] = {
    "meters": (
        Shown("meter", "energy_import_kwh", "use"),
        Shown("meter", "power_w", "mean"),
        Shown("meter", "water_m3", "use"),
        Shown("meter", "gas_kwh", "use"),
        Shown("meter", "gas_m3", "use"),
        Shown("meter", "heat_gj", "use"),
    ),
    "pv": (
        Shown("pv", "pv_energy_kwh", "use"),
        Shown("pv", "pv_power_w", "mean"),
        Shown("pv", "irradiance_w_per_m2", "mean"),
        Shown("pv", "module_temperature_c", "mean"),
    ),
    "bins": (
        Shown("bin", "mass_kg", "last"),
        Shown("bin", "fill_level_ratio", "last"),
        Shown("bin", "battery_pct", "last"),
        Shown("bin", "bin_temperature_c", "last"),
    ),
    "weather": (
        Shown("weather", "outdoor_temperature_c", "mean"),
        Shown("weather", "relative_humidity_pct", "mean"),
    ),
}


def readings(lang: str, say: Say) -> Json:
    """The dashboard's JSON, `lang` being ``zh`` or ``en``."""
    words = Words(lang, say)
    return board(
        "readings",
        words,
        title=say("readings.title"),
        description=say("readings.description"),
        refresh="1m",
        since="now-7d",
        variables=_variables(words),
        sections=[_section(words, name, shown) for name, shown in SECTIONS.items()],
    )


def _section(words: Words, name: str, shown: tuple[Shown, ...]) -> Section:
    return words.say(f"readings.{name}"), [SeriesPanel(one, words) for one in shown]


def _variables(words: Words) -> list[Json]:
    classes = '"meter", "pv", "bin", "weather"'
    return [
        data_source(words, INFLUXDB, "Civicmeter readings", "civicmeter-readings"),
        tag_choice(
            "institution",
            words.say("variable.institution"),
            f'SHOW TAG VALUES FROM {classes} WITH KEY = "institution"',
        ),
        tag_choice(
            "device",
            words.say("variable.device"),
            f'SHOW TAG VALUES FROM {classes} WITH KEY = "device" '
            "WHERE \"institution\" = '${institution}'",
            multi=True,
            includeAll=True,
            allValue=".*",
            current={"text": ["All"], "value": ["$__all"]},
        ),
    ]
