"""Fixtures for tests against a real adb server and test phones; a conftest imports the ones it wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import adbutils
import pytest

from phone.adb_server import AdbServer
from phone.model import PhoneModel
from phone.phone import NoPhone, Phone
from phone.programs import build_program
from ubp_core.devices.adb.device import AdbPhone
from ubp_core.devices.adb.server import ServerAddress, connect_wireless, make_client
from ubp_core.devices.device import Limits

QUICK = Limits(total_s=30, quiet_s=2, answer_s=2.5)
"""Limits for tests in which something hangs or goes silent."""
StartPhone = Callable[..., tuple[Phone, AdbPhone]]


@pytest.fixture(scope="session")
def adb_server() -> Iterator[AdbServer]:
    """One private adb server for the whole session."""
    with AdbServer() as server:
        yield server


@pytest.fixture
def address(adb_server: AdbServer) -> ServerAddress:
    """Where it listens, as a user gives it by hand."""
    return ServerAddress("127.0.0.1", adb_server.port, given=True)


@pytest.fixture
def client(address: ServerAddress) -> adbutils.AdbClient:
    """Our client of it."""
    return make_client(address)


@pytest.fixture
def start_phone(client: adbutils.AdbClient) -> Iterator[StartPhone]:
    """Starts and connects phones; they are gone after the test."""
    with ExitStack() as stack:

        def start(model: PhoneModel | None = None, connect: bool = True) -> tuple[Phone, AdbPhone]:
            phone = new_phone(model, stack)
            stack.callback(client.disconnect, phone.address)
            if connect:
                connect_wireless(client, phone.address)
            return phone, AdbPhone(client, phone.serial)

        yield start


def new_phone(model: PhoneModel | None, stack: ExitStack) -> Phone:
    """A phone that ends with `stack`; skips the test where this machine can't have one."""
    try:
        return stack.enter_context(Phone(model))
    except NoPhone as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def actor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that behaves as its first argument says."""
    return build_program("actor", tmp_path_factory.mktemp("programs"))
