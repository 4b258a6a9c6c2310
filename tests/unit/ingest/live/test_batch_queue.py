"""What waits between the two threads has a bound, and nobody waits for ever."""

import threading
import time

from ingest.live.batch_queue import BatchQueue
from ingest.messages.batch import DecodedMessages
from ingest.messages.message import Message
from ingest.settings import CollectorSettings


def decoded(size: int) -> DecodedMessages:
    message = Message(1, 1, 1, "t", b"x" * size, 0, False, False)
    return DecodedMessages([message], payload_bytes=size, doubtful=[])


def test_who_puts_waits_while_much_waits_and_goes_on_when_it_is_taken() -> None:
    stopping = threading.Event()
    queue = BatchQueue(CollectorSettings(queued_bytes=100, quiet_s=0.001), stopping)
    most = 0

    def put() -> None:
        nonlocal most
        for _ in range(200):
            queue.put(decoded(60))
            most = max(most, queue.messages)

    putting = threading.Thread(target=put)
    began = time.monotonic()
    putting.start()
    taken = 0
    while taken < 200:
        taken += len(queue.take().messages)
        time.sleep(0.001)
    putting.join()
    assert most <= 3
    assert time.monotonic() - began < 100 * 0.2 / 2, "woken, not waited out"


def test_nobody_is_held_up_for_long_while_nothing_is_taken() -> None:
    queue = BatchQueue(CollectorSettings(queued_bytes=100), threading.Event())
    began = time.monotonic()
    for _ in range(4):
        queue.put(decoded(101))
    assert 0.6 < time.monotonic() - began < 3
    assert queue.messages == 4


def test_who_stops_holds_nobody_up() -> None:
    stopping = threading.Event()
    queue = BatchQueue(CollectorSettings(queued_bytes=100), stopping)
    stopping.set()
    began = time.monotonic()
    for _ in range(20):
        queue.put(decoded(101))
    assert time.monotonic() - began < 1
