"""Push the dashboards to a running Grafana through its HTTP API.

Uids are ours and stay, so pushing again updates the same dashboards. Numeric ids of data
sources are never used: Grafana 13 has turned them off.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from grafana_client import GrafanaApi
from grafana_client.client import (
    GrafanaBadInputError,
    GrafanaClientError,
    GrafanaException,
    GrafanaTimeoutError,
    GrafanaUnauthorizedError,
)

from domain.errors import CivicmeterError, ConfigError

FOLDER_UID = "civicmeter"


def push(
    dashboards: Mapping[str, Mapping[str, Any]], *, url: str, token: str, message: str
) -> list[str]:
    """Create or update the folder and every dashboard; gives their addresses in Grafana.

    `token` is a service account's token with the role Editor, or ``user:password``. Raises
    ConfigError for a wrong address or token, CivicmeterError when Grafana cannot do it now.
    """
    credential: str | tuple[str, ...] = token
    if ":" in token:
        credential = tuple(token.split(":", 1))
    with _explained(url):
        # The slash at the end: a path prefix would be glued to "api" without it.
        grafana = GrafanaApi.from_url(f"{url.rstrip('/')}/", credential=credential, timeout=20)
        _ensure_folder(grafana)
        return [_push_one(grafana, d, url, message) for d in dashboards.values()]


def _ensure_folder(grafana: Any) -> None:
    try:
        grafana.folder.get_folder(FOLDER_UID)
    except GrafanaClientError as error:
        if getattr(error, "status_code", None) != 404:
            raise
        grafana.folder.create_folder(title="Civicmeter", uid=FOLDER_UID)


def _push_one(grafana: Any, dashboard: Mapping[str, Any], url: str, message: str) -> str:
    # Grafana knows a dashboard by its uid; with an id, another installation's would be meant.
    answer = grafana.dashboard.update_dashboard(
        {
            "dashboard": {**dashboard, "id": None},
            "folderUid": FOLDER_UID,
            "overwrite": True,
            "message": message,
        }
    )
    path = answer.get("url", f"/d/{dashboard['uid']}")
    return f"{url.rstrip('/')}{path}"


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except GrafanaUnauthorizedError as error:
        raise ConfigError(
            f"Grafana at {url} refuses the token: give one of a service account with the role "
            "Editor with --token or GRAFANA_TOKEN"
        ) from error
    except GrafanaBadInputError as error:
        raise ConfigError(f"Grafana at {url} refuses the dashboard: {error.message}") from error
    except GrafanaTimeoutError as error:
        raise CivicmeterError(f"Grafana at {url} does not answer: is it running?") from error
    except GrafanaException as error:
        raise CivicmeterError(f"Grafana at {url} answered: {error.message}") from error
    except OSError as error:
        raise CivicmeterError(f"Grafana at {url} cannot be reached: {error}") from error
