"""What figures, devices, carriers and factors are called."""

from config.texts import texts
from domain.errors import ConfigError
from domain.figure_names import FIGURE_NAMES
from domain.subjects import (
    OfContract,
    OfDevice,
    OfItem,
    OfPart,
    OfPeriod,
    OfStream,
    OfUnknown,
    Subject,
)
from reports.model import ReportModel
from reports.words.texts import t


def label(name: str, lang: str) -> str:
    """What a figure is called."""
    return FIGURE_NAMES[name].label(lang) if name in FIGURE_NAMES else name


def subject_name(model: ReportModel, subject: Subject, lang: str) -> str:
    """A device, waste stream or contract as people call it; empty for the institution."""
    match subject:
        case OfDevice(device) | OfUnknown(device):
            return device_name(model, device, lang)
        case OfStream(stream):
            return t(f"stream.{stream}", lang)
        case OfPeriod(period):
            return _named_by("tariff_period", period, lang)
        case OfItem(code):
            return _named_by("energy_item", code, lang)
        case OfPart(whole, part):
            name = subject_name(model, whole, lang)
            return t("of_carrier", lang, name=name, carrier=_named_by("part", part, lang))
        case OfContract(contract_id, carrier):
            contract = next((c for c in model.contracts if c.id == contract_id), None)
            if contract is None:
                return str(subject)
            name = contract.name_zh if lang == "zh" else contract.name_en
            return t("of_carrier", lang, name=name, carrier=carrier_name(carrier, lang))
    return ""


def device_name(model: ReportModel, device_id: str, lang: str) -> str:
    """A device as people call it; its id where it has no name."""
    device = next((d for d in model.devices if d.id == device_id), None)
    named = device is not None and (device.name_zh if lang == "zh" else device.name_en)
    return named or device_id


def _named_by(kind: str, word: str, lang: str) -> str:
    """The text for a word of a kind; the word itself where there is none."""
    return t(f"{kind}.{word}", lang) if f"{kind}.{word}" in texts("report") else word


def carrier_name(carrier: str, lang: str) -> str:
    try:
        return t(f"carrier.{carrier}", lang)
    except ConfigError:
        return carrier


def factor_name(name: str, lang: str) -> str:
    """What a dated factor is called; its own name where we have no words for it."""
    try:
        return t(f"factor_name.{name}", lang)
    except ConfigError:
        return name
