"""Credentials reach the configured hosts and no output, whatever goes wrong and whoever asks."""

from __future__ import annotations

import json
import logging
import ssl
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.connect import connect
from tap_dds_backups.emulator import FAULTS, Emulator, Hosts, plain_store
from tap_dds_backups.replication.events import Failed
from tap_dds_backups.run import Run
from tap_dds_backups.settings import from_singer
from tests.api.loopback import AUTHORITY, CERTIFICATES, always, answer, serving
from tests.faces.airbyte import airbyte_config
from tests.faces.running import clean_environment, run_script, run_tap
from tests.laws.canaries import (
    PROXY_PASSWORD,
    PROXY_USER,
    SECRET_SETTINGS,
    SIGN_INS,
    SignIn,
    leaks,
    secrets_of,
)
from tests.laws.frames import frames
from tests.laws.test_faults import Clock

LOUD = {
    "TAP_DDS_BACKUPS_LOGLEVEL": "DEBUG",
    "PYTHONWARNINGS": "always",
    "PYTHONDEVMODE": "1",
    "HTTPS_PROXY": f"http://{PROXY_USER}:{PROXY_PASSWORD}@127.0.0.1:9",
}
TALKATIVE = ("token_echo_400", "log_forgery_400", "iam_401", "long_error_400", "redirect_302")
# By the scripts, in real time: nothing that waits for minutes.
TOLD_BY_SCRIPTS = (*TALKATIVE, "signature_401", "no_http")
BRIEF = {"request_timeout_seconds": 1, "max_attempts": 2}


def store(rows: int = 20) -> Any:
    """A quiet project."""
    return plain_store(rows, until=time.time() - 60)


def said(config: Mapping[str, Any], caplog: pytest.LogCaptureFixture) -> str:
    """All that a run in this process says: its events, its errors and what is on the log."""
    texts = []
    settings = from_singer(config, {})
    texts.append(repr(settings))
    with caplog.at_level(logging.DEBUG), connect(settings, clock=Clock()) as connection:
        run = Run(settings, connection)
        texts.append(repr(run))
        for event in run.events("backups", lambda _: {}):
            texts.append(repr(event))
            if isinstance(event, Failed):
                error = event.error
                texts += [str(error), repr(vars(error)), *traceback.format_exception(error)]
                texts += [f"{where}: {value}" for where, value in frames(error)]
    return "\n".join([*texts, caplog.text])


class TestFaults:
    """Every fault, at DEBUG."""

    @pytest.mark.parametrize("call", ["list", "sign-in"])
    @pytest.mark.parametrize("sign_in", SIGN_INS)
    @pytest.mark.parametrize(
        "fault", [n if n in TALKATIVE else pytest.param(n, marks=pytest.mark.laws) for n in FAULTS]
    )
    def test_nothing_is_told(
        self, fault: str, sign_in: SignIn, call: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither events, errors, tracebacks with our variables nor the log hold a piece of one."""
        with Emulator(store(), faults=[f"{fault}@{call}x*"]) as service:
            config = service.config(sign_in) | BRIEF
            text = said(config, caplog)
            assert not leaks(text, secrets_of(service, config))

    @pytest.mark.laws
    @pytest.mark.parametrize("sign_in", SIGN_INS)
    @pytest.mark.parametrize("fault", TOLD_BY_SCRIPTS)
    def test_scripts_tell_nothing(self, tmp_path: Path, fault: str, sign_in: SignIn) -> None:
        """Nor do both commands at DEBUG, with every warning on, in output, log and state."""
        environ = clean_environment(**LOUD)
        placed = [f"{fault}@list:1x*", f"{fault}@sign-in:2x*"]
        with Emulator(store(), faults=placed) as service:
            config = service.config(sign_in) | BRIEF
            tap = run_tap(tmp_path, config, environ=environ)
            path = tmp_path / "source.json"
            path.write_text(json.dumps(airbyte_config(config)))
            check = ["check", "--config", str(path), "--debug"]
            source = run_script("source-dds-backups", check, environ=environ)
            secrets = secrets_of(service, config)
        assert tap.code == 1
        assert source.messages
        for run in (tap, source):
            assert not leaks(run.stderr + run.stdout.decode(), secrets)

    @pytest.mark.laws
    @pytest.mark.parametrize("sign_in", SIGN_INS)
    @pytest.mark.parametrize("option", ["--about", "--discover", None])
    def test_descriptions_tell_nothing(
        self, tmp_path: Path, sign_in: SignIn, option: str | None
    ) -> None:
        """Nor do catalog, --about, or a whole run with its STATE."""
        with Emulator(store()) as service:
            config = service.config(sign_in)
            more = [option] if option else []
            run = run_tap(tmp_path, config, *more, environ=clean_environment(**LOUD))
            assert run.code == 0, run.stderr
            assert not leaks(run.stderr + run.stdout.decode(), secrets_of(service, config))


class TestHosts:
    """Two hosts: the one that was configured, and another."""

    @pytest.mark.parametrize("call", ["list", "sign-in"])
    @pytest.mark.parametrize("sign_in", SIGN_INS)
    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed(
        self, status: int, sign_in: SignIn, call: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The host that a redirect names is not even connected to."""
        with serving(always(answer())) as other:
            fault = f"redirect_{status}={other.url}/v3/auth/tokens@{call}x*"
            with Emulator(store(), faults=[fault]) as service:
                text = said(service.config(sign_in), caplog)
                struck = service.faults.struck[0][1]
        assert struck == (call == "list" or sign_in == "password")
        assert ("redirect" in text) == bool(struck)
        assert other.connections == 0

    @pytest.mark.laws
    def test_a_proxy_hears_no_credentials(self, tmp_path: Path) -> None:
        """A proxy that refuses gets its own password alone, and nobody reads of it."""
        refusal = answer(b"no", status="407 Proxy Authentication Required")
        for sign_in in SIGN_INS:
            with serving(always(refusal)) as proxy, Emulator(store()) as service:
                config = service.config(sign_in) | BRIEF
                for name in ("api_url", "iam_url"):
                    config[name] = config[name].replace("http:", "https:")
                address = f"http://{PROXY_USER}:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}"
                environ = clean_environment(**LOUD, https_proxy=address)
                run = run_tap(tmp_path, config, environ=environ)
            assert run.code == 1
            heard = b"".join(proxy.seen).decode()
            assert heard.startswith("CONNECT")
            own = {str(config[name]) for name in SECRET_SETTINGS if name in config}
            assert not leaks(heard, own)
            assert not leaks(run.stderr + run.stdout.decode(), secrets_of(service, config))


class TestEnvironment:
    """What stands in the user's surroundings does not sign in."""

    @pytest.mark.parametrize(
        "sign_in",
        ["access_key", *[pytest.param(n, marks=pytest.mark.laws) for n in SIGN_INS]],
    )
    def test_netrc_and_proxies_do_not_take_over(self, tmp_path: Path, sign_in: SignIn) -> None:
        """Neither ~/.netrc nor the proxy variables change where and with what a run signs in."""
        netrc = tmp_path / ".netrc"
        netrc.write_text("default login someone password canary-netrc-1a2b3c\n")
        netrc.chmod(0o600)
        with serving(always(answer())) as proxy, Emulator(store()) as service:
            names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
            more = {variant: proxy.url for name in names for variant in (name, name.lower())}
            environ = clean_environment(HOME=str(tmp_path), NETRC=str(netrc), **more)
            run = run_tap(tmp_path, service.config(sign_in), environ=environ)
            assert run.code == 0, run.stderr
            assert len(run.ids()) == 20
            signed = {"authorization" in seen.header_names for seen in service.seen("list")}
            assert signed == {sign_in in ("access_key", "temporary_key")}
        assert proxy.connections == 0

    @pytest.mark.parametrize(("setting", "variable"), [(0, 1), (1, 0)])
    def test_authorities_do_not_take_over(
        self, tmp_path: Path, setting: int, variable: int
    ) -> None:
        """A CA variable neither vouches for a host that ca_bundle does not, nor the reverse."""
        bundles = (AUTHORITY, CERTIFICATES / "elsewhere.pem")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATES / "localhost.pem")
        with Emulator(store(), hosts=Hosts(tls=tls)) as service:
            config = service.config("password") | {"ca_bundle": str(bundles[setting])}
            chosen = str(bundles[variable])
            environ = clean_environment(REQUESTS_CA_BUNDLE=chosen, CURL_CA_BUNDLE=chosen)
            run = run_tap(tmp_path, config, environ=environ)
            assert (run.code == 0) == (setting == 0), run.stderr
            assert len(service.requests) == (2 if setting == 0 else 0)
