"""Online only with a network and a key that the server takes; what the user told comes first."""

import pytest
import wandb

from infogan3d.training.tracking import wandb_mode


class Socket:
    def close(self) -> None: ...


@pytest.fixture
def reachable(monkeypatch):
    """A server that answers, a key that it takes, and the addresses that were asked for."""
    asked: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> Socket:
        asked.append(address)
        return Socket()

    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setattr("socket.create_connection", connect)
    monkeypatch.setattr("wandb.login", lambda **_: True)
    monkeypatch.setattr(wandb.setup().settings, "base_url", "https://curves.example")
    monkeypatch.setattr(wandb.setup().settings, "mode", "online")
    return asked


def test_online_with_a_network_and_a_key(reachable):
    assert wandb_mode() == ("online", "")
    assert reachable == [("curves.example", 443)]


@pytest.mark.parametrize(
    ("told", "mode"), [("offline", "offline"), ("dryrun", "offline"), ("disabled", "disabled")]
)
def test_the_users_word_comes_first(reachable, monkeypatch, told, mode):
    monkeypatch.setenv("WANDB_MODE", told)
    assert wandb_mode() == (mode, f"its mode is {told}")
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setattr(wandb.setup().settings, "mode", told)  # as `wandb offline` leaves it
    assert wandb_mode() == (mode, f"its mode is {told}")
    assert reachable == []


def test_a_server_of_ones_own_is_asked_at_its_port(reachable, monkeypatch):
    monkeypatch.setattr(wandb.setup().settings, "base_url", "http://localhost")
    wandb_mode()
    monkeypatch.setattr(wandb.setup().settings, "base_url", "http://localhost:8080")
    wandb_mode()
    assert reachable == [("localhost", 80), ("localhost", 8080)]


def test_offline_without_a_network(reachable, monkeypatch):
    def lost(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("socket.create_connection", lost)
    assert wandb_mode() == ("offline", "no network to curves.example")


def test_offline_without_a_key(reachable, monkeypatch):
    monkeypatch.setattr("wandb.login", lambda **_: False)
    assert wandb_mode() == ("offline", "no key")


@pytest.mark.parametrize("error", [wandb.errors.AuthenticationError, wandb.errors.UsageError])
def test_offline_where_the_key_is_refused(reachable, monkeypatch, error):
    def refused(**_: object) -> bool:
        raise error("401")

    monkeypatch.setattr("wandb.login", refused)
    assert wandb_mode() == ("offline", "curves.example refused the key")
