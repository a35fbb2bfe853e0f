"""The watch tells what the adb server tells: phones come, change and go, servers die and return."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from queue import Empty, Queue

import adbutils
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone.adb_server import AdbServer
from phone.fixtures import StartPhone
from phone.model import PhoneModel

from ubp_core.devices import DeviceError, DeviceState, DeviceWatch, Phones
from ubp_core.devices.adb.attached import read_list
from ubp_core.devices.adb.server import ServerAddress, connect_wireless, make_client
from ubp_core.devices.watch import read_length

PATIENCE_S = 20.0


class Told:
    """A running watch and what it told."""

    def __init__(self, address: ServerAddress) -> None:
        self.queue: Queue[Phones] = Queue()
        self.seen: list[Phones] = []
        self.watch = DeviceWatch(address, self.queue.put)

    def until(self, condition: Callable[[Phones], object]) -> Phones:
        """Waits for a state of affairs."""
        while True:
            try:
                self.seen.append(self.queue.get(timeout=PATIENCE_S))
            except Empty:
                raise AssertionError(self.seen) from None
            if condition(self.seen[-1]):
                return self.seen[-1]

    def until_states(self, **states: DeviceState) -> Phones:
        """Waits until these are the states of the phones, by title."""
        return self.until(lambda phones: {info.title: info.state for info in phones.infos} == states)


@pytest.fixture
def told(address: ServerAddress) -> Iterator[Told]:
    found = Told(address)
    yield found
    found.watch.stop()
    assert not found.watch.thread.is_alive()


def test_phones_come_and_go(told: Told, start_phone: StartPhone, client: adbutils.AdbClient) -> None:
    assert told.until(lambda phones: not phones.infos).note.startswith("no phone attached")
    first, _ = start_phone(PhoneModel(model="One", soc_maker="X"))
    phones = told.until(lambda phones: phones.infos and phones.infos[0].ready)
    assert [(info.name, info.title, info.latency) for info in phones.infos] == [(f"adb:{first.serial}", "X One", True)]
    assert phones.note == ""
    second, _ = start_phone(PhoneModel(model="Two", soc_maker="X", abis="armeabi-v7a"))
    told.until_states(**{"X One": DeviceState.READY, "X Two": DeviceState.ONLY_32_BIT})
    first.order("refuse")
    phones = told.until_states(**{"X One": DeviceState.OFFLINE, "X Two": DeviceState.ONLY_32_BIT})
    (gone,) = [info for info in phones.infos if info.state is DeviceState.OFFLINE]
    assert gone.name == f"adb:{first.serial}" and "reconnect the cable" in gone.advice
    for phone in (first, second):
        client.disconnect(phone.serial)
    told.until(lambda phones: not phones.infos)


def test_a_phone_is_asked_once_until_somebody_wants_more(told: Told, start_phone: StartPhone) -> None:
    phone, _ = start_phone(PhoneModel(model="One", soc_maker="X"))
    told.until(lambda phones: phones.infos and phones.infos[0].ready)
    start_phone(PhoneModel(model="Two", soc_maker="X"))
    told.until(lambda phones: len(phones.infos) == 2 and all(info.ready for info in phones.infos))
    asked = [info for phones in told.seen for info in phones.infos if info.name == f"adb:{phone.serial}"]
    assert [info.state for info in asked].count(DeviceState.CONNECTING) == 1
    told.watch.refresh()
    told.until(lambda phones: any(info.state is DeviceState.CONNECTING for info in phones.infos))
    told.until(lambda phones: len(phones.infos) == 2 and all(info.ready for info in phones.infos))


def test_a_server_that_dies_is_waited_for(start_phone: StartPhone) -> None:
    phone, _ = start_phone(PhoneModel(model="One", soc_maker="X"), connect=False)
    with AdbServer() as server:
        address = ServerAddress("127.0.0.1", server.port, given=True)
        told = Told(address)
        try:
            connect_wireless(make_client(address), phone.address)
            told.until(lambda phones: phones.infos and phones.infos[0].ready)
            server.stop()
            assert "the adb server has stopped" in told.until(lambda phones: not phones.infos).note
            server.start()
            told.until(lambda phones: phones.note.startswith("no phone attached"))
            connect_wireless(make_client(address), phone.address)
            told.until(lambda phones: phones.infos and phones.infos[0].ready)
        finally:
            told.watch.stop()


def test_a_server_that_never_was_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = Told(ServerAddress("127.0.0.1", port, given=True))
    try:
        assert told.until(lambda phones: phones.note).note.startswith(f"no adb server answers at 127.0.0.1:{port}")
    finally:
        told.watch.stop()
    assert not told.watch.thread.is_alive()


def test_a_watch_that_is_not_waited_for_ends_too(address: ServerAddress) -> None:
    told = Told(address)
    told.until(lambda phones: phones.note)
    told.watch.stop(wait=False)
    told.watch.thread.join(PATIENCE_S)
    assert not told.watch.thread.is_alive()


@given(st.binary(max_size=80))
def test_any_list_is_read(body: bytes) -> None:
    for entry in read_list(body.decode(errors="replace")):
        assert entry.serial and entry.state
    assert [(e.serial, e.state) for e in read_list("3A17\tno permissions (udev?)\n\nB\tdevice\n")] == [
        ("3A17", "no permissions"),
        ("B", "device"),
    ]


@pytest.mark.parametrize("digits", [b"zzzz", b"\xff\xff\xff\xff", b"-004", b"+004", b"0x1f", b"1_0f", b" 1f "])
def test_nonsense_is_named(digits: bytes) -> None:
    with pytest.raises(DeviceError, match="talks nonsense"):
        read_length(digits)
