from pathlib import Path

import pytest

from config.settings import Settings
from domain.errors import ConfigError


def test_nothing_set_means_embedded_stores_on_loopback() -> None:
    settings = Settings.from_env({"HOME": "/x"})
    assert settings.store_url == "sqlite:///civicmeter-data/readings.db"
    assert settings.ledger_url == "sqlite:///civicmeter-data/ledger.db"
    assert settings.http_host == "127.0.0.1"


def test_each_setting_is_read_and_secrets_may_lie_in_files(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    settings = Settings.from_env(
        {
            "CIVICMETER_DATA": "/srv/meters",
            "CIVICMETER_STORE": "influxdb+http://localhost:8086/org/bucket",
            "CIVICMETER_INFLUX_TOKEN_FILE": str(secret),
            "CIVICMETER_HTTP_PORT": "9000",
            "CIVICMETER_SPOOL_MB": "512",
            "CIVICMETER_ALLOWED_HOSTS": "meters.example.cn, 10.0.0.5",
        }
    )
    assert settings.influx_token == "s3cret"
    assert settings.http_port == 9000
    assert settings.allowed_hosts == ("meters.example.cn", "10.0.0.5")
    assert (settings.spool_mb, Settings().spool_mb) == (512, 0)
    assert settings.spool_folder == Path("/srv/meters/spool")
    assert settings.store_url.startswith("influxdb+http")
    assert settings.ledger_url == "sqlite:////srv/meters/ledger.db"


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"CIVICMETER_STOR": "x"}, "CIVICMETER_STOR is not a setting"),
        ({"CIVICMETER_HTTP_PORT": "http"}, "a port from 1 to 65535"),
        ({"CIVICMETER_HTTP_PORT": "70000"}, "a port from 1 to 65535"),
        ({"CIVICMETER_SPOOL_MB": "1 GB"}, "a whole number"),
        ({"CIVICMETER_API_KEY_FILE": "/nowhere/key"}, "cannot be read"),
        ({"CIVICMETER_API_KEY_FILE": "/dev/null"}, "which is empty"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(env: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Settings.from_env(env)
