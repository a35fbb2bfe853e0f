"""Downloads from a server of our own on this machine: good files, wrong hashes, broken connections, no connection."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from ubp_core.errors import ModelError
from ubp_core.models import load_model
from ubp_core.models.download import fetch_weights
from ubp_core.storage.cache import Emptied, empty_cache
from ubp_core.storage.folders import weights_folder


class Handler(BaseHTTPRequestHandler):
    """Serves `content` below any path; /cut promises more than it sends, /gone is a 404."""

    content = b""

    def do_GET(self) -> None:
        if self.path.startswith("/gone"):
            self.send_error(404)
            return
        self.send_response(200)
        extra = 1000 if self.path.startswith("/cut") else 0
        self.send_header("Content-Length", str(len(self.content) + extra))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """Address of a server on any free port."""
    instance = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=instance.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{instance.server_port}"
    instance.shutdown()
    instance.server_close()
    thread.join()


def named(content: bytes) -> str:
    """A file name with the start of the content's hash, as torchvision's."""
    return f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"


def test_good_file_is_kept(server: str, tmp_path: Path) -> None:
    Handler.content = b"weights" * 500_000
    lines: list[str] = []
    url = f"{server}/{named(Handler.content)}"
    path = fetch_weights(url, "net", tmp_path / "cache", lines.append)
    assert path.read_bytes() == Handler.content
    assert lines[0] == "downloading the weights of net" and lines[-1].endswith("4 of 4 MB")
    Handler.content = b"other"
    assert fetch_weights(url, "net", tmp_path / "cache", lines.append) == path
    assert path.read_bytes() != Handler.content


@pytest.mark.parametrize(("where", "reason"), [("cut", "ended"), ("gone", "Not Found"), ("wrong", "another hash")])
def test_bad_transfers_leave_nothing(where: str, reason: str, server: str, tmp_path: Path) -> None:
    Handler.content = b"weights"
    name = "net-00000000.pth" if where == "wrong" else named(Handler.content)
    with pytest.raises(ModelError, match=rf"could not download the weights of net .*{reason}.*--weights random"):
        fetch_weights(f"{server}/{where}/{name}", "net", tmp_path, lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_no_connection_is_one_line_that_offers_random_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(
        "ubp_core.models.torchvision_models.find_weights",
        lambda name: ("http://127.0.0.1:9/net-00000000.pth", "V1", None),
    )
    with pytest.raises(ModelError, match=r"^could not download the weights of resnet18 .*--weights random") as caught:
        load_model("resnet18")
    assert "\n" not in str(caught.value)


def test_downloaded_weights_are_loaded(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_model("squeezenet1_1", weights="random", seed=9).module
    assert network is not None
    torch.save(network.state_dict(), tmp_path / "served.pth")
    Handler.content = (tmp_path / "served.pth").read_bytes()
    url = f"{server}/{named(Handler.content)}"
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("ubp_core.models.torchvision_models.find_weights", lambda name: (url, "IMAGENET1K_V1", None))
    model = load_model("squeezenet1_1")
    assert not model.random_weights and model.source == "trained weights IMAGENET1K_V1 of torchvision"
    layer = model.layers[3]
    assert (layer.weight == network.state_dict()[f"{layer.name}.weight"].numpy()).all()


def test_weights_are_downloaded_into_the_folder_that_is_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Handler.content = b"weights"
    name = named(Handler.content)
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("UBP_HOME", str(tmp_path / "moved"))
    path = fetch_weights(f"{server}/{name}", "net", weights_folder(), lambda line: None)
    assert path == tmp_path / "moved" / "cache" / "weights" / name and path.read_bytes() == b"weights"
    assert empty_cache() == Emptied(1, 7) and not path.exists()


def test_every_network_has_an_address_or_says_that_it_has_none() -> None:
    from ubp_core.models import available_models
    from ubp_core.models.torchvision_models import find_weights

    names = available_models()[2:]
    assert len(names) > 75
    for name in names:
        url, label, size = find_weights(name)
        assert url.startswith("https://") and url.endswith(".pth") and label
        assert (size is not None) == name.startswith("vit_")
