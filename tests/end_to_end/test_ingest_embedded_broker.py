"""The embedded broker: where it listens, what it keeps."""

import socket

import psutil
import pytest

from civicmeter.demo.embedded_broker import embedded_broker
from domain.errors import ConfigError
from tests.end_to_end.ingest_parts import sending


def test_it_listens_on_one_port_of_this_machine_only() -> None:
    with embedded_broker() as broker:
        listening = [
            c.laddr
            for c in psutil.Process(broker.pid).net_connections("inet")
            if c.status == psutil.CONN_LISTEN
        ]
        assert [(a.ip, a.port) for a in listening] == [("127.0.0.1", broker.port)]
        with sending(broker.host, broker.port) as sender:
            sender.send("t", b"x" * (1 << 19))  # larger than rumqttd's usual limit
            sender.wait(10)
        pid = broker.pid
    assert not psutil.pid_exists(pid)


def test_a_taken_port_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} .* is taken"), embedded_broker(port):
            pass
