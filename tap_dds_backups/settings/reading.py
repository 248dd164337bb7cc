"""The settings of a run, from either face's config.

Everything that can be known to be wrong without a request is found here, all at once: one line
for each mistake, never with a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_dds_backups.api.endpoints import checked_id, derives_signing_key
from tap_dds_backups.api.errors import ConfigError
from tap_dds_backups.api.secret import Unshown, unshown
from tap_dds_backups.settings.catalogue import CONFIG, SECRETS
from tap_dds_backups.settings.credentials import (
    FIELDS,
    SIGNING,
    AssumedAgency,
    Password,
    SignIn,
    configured_kinds,
    secrets_of,
    sign_in_from,
    sign_in_problems,
)
from tap_dds_backups.settings.discovery import Discovery, discovery_from
from tap_dds_backups.settings.profile import ENVIRONMENT_PROJECT, key_pair_of_tools
from tap_dds_backups.settings.projects import Project, checked_entry, project_from
from tap_dds_backups.settings.setting import Setting, SignInKind
from tap_dds_backups.settings.sources import (
    MACHINE_SOURCES,
    assumed,
    machine_sign_in,
    misplaced,
)
from tap_dds_backups.settings.unknown import unknown_in_projects, unknown_settings
from tap_dds_backups.settings.values import converted, is_given

if TYPE_CHECKING:
    from tap_dds_backups.api.models import Filters

ENVIRONMENT_PREFIX = "TAP_DDS_BACKUPS_"


class Settings(NamedTuple):
    """What a run is to do, checked. Times are RFC 3339 in UTC; None means not set.

    `projects` is empty where `discovery` says how they are found.
    """

    sign_in: SignIn
    projects: tuple[Project, ...]
    discovery: Discovery | None
    start_date: str | None
    end_date: str | None
    filters: Filters
    lookback_seconds: int
    incremental_lookback_seconds: int
    restore_window_days: int
    page_size: int
    concurrency: int
    requests_per_minute: int | None
    request_timeout_seconds: int
    max_attempts: int
    ca_bundle: str | None
    user_agent: str | None
    emit_activate_version_messages: bool

    def secrets(self) -> list[str]:
        """Return every configured credential, to be masked in output."""
        return secrets_of(self.sign_in)


def from_singer(config: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Return the settings of a Singer config. Raises ConfigError, also for unknown settings."""
    config, environ = unshown(config, SECRETS), Unshown(environ)
    reading = _Reading(config, unknown_settings(config))
    reading.problems += unknown_in_projects(reading.values["projects"] or [])
    return reading.settings(configured_kinds(reading.given), environ)


def from_airbyte(config: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Return the settings of an Airbyte config. Unknown ones are ignored. Raises ConfigError."""
    config, environ = unshown(config, SECRETS), Unshown(environ)
    outer = {s.name: config.get(s.name) for s in CONFIG if not (s.sign_in or s.singer_only)}
    credentials = config.get("credentials")
    if credentials is None:
        return _Reading(outer, []).settings([], environ)
    kind = credentials.get("auth_type") if isinstance(credentials, Mapping) else None
    if not isinstance(kind, str) or kind not in FIELDS:
        problem = f"credentials must be an object whose auth_type is one of {', '.join(FIELDS)}"
        return _Reading(outer, [problem]).settings(None, environ)
    if kind == "machine":
        return _Reading(outer, []).settings([], environ)
    inner = {s.name: credentials.get(s.name) for s in CONFIG if s.sign_in == kind}
    return _Reading(outer | inner, []).settings([kind], environ)


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the Singer config that TAP_DDS_BACKUPS_* variables hold, values as text."""
    named = {setting.name: ENVIRONMENT_PREFIX + setting.name.upper() for setting in CONFIG}
    return {name: environ[variable] for name, variable in named.items() if variable in environ}


class _Reading:
    """Settings on their way: values checked one by one, then with each other."""

    def __init__(self, config: Mapping[str, Any], problems: list[str]) -> None:
        self.problems = problems
        self.given = {setting.name for setting in CONFIG if is_given(config.get(setting.name))}
        self.wrong: set[str] = set()
        self.project_of_tools: str | None = None
        self.values: dict[str, Any] = {setting.name: setting.default for setting in CONFIG}
        for setting in CONFIG:
            if setting.name in self.given:
                self._read(setting, config[setting.name])

    def _read(self, setting: Setting, value: object) -> None:
        try:
            self.values[setting.name] = converted(setting, value)
        except ValueError as problem:
            self.wrong.add(setting.name)
            self.problems.append(f"{setting.name} {problem}")

    def settings(self, kinds: list[SignInKind] | None, environ: Mapping[str, str]) -> Settings:
        """Return the settings; `kinds` are the sign-ins configured, None where that is unclear."""
        sign_in = self._sign_in(kinds, environ)
        discovery = discovery_from(self.values, self.given, kinds, self.problems)
        if kinds == [] and not self._discovers() and not self.given & {"project_id", "projects"}:
            self._take_project_of_tools()
        projects = [] if self._discovers() else self._projects(kinds)
        self._check_fit(sign_in, projects, discovery)
        self._check_backups()
        if self.problems or sign_in is None:
            raise ConfigError(self.problems)
        return self._built(sign_in, projects, discovery)

    def _discovers(self) -> bool:
        return self.values["discover_projects"] is True

    def _sign_in(self, kinds: list[SignInKind] | None, environ: Mapping[str, str]) -> SignIn | None:
        if kinds is None or "credential_source" in self.wrong:
            return None
        source = self.values["credential_source"]
        self.problems += misplaced(source, self.given)
        if source in MACHINE_SOURCES:
            if kinds:
                self.problems.append(f"credential_source {source} and a sign-in: keep one")
            self.project_of_tools = environ.get(ENVIRONMENT_PROJECT)
            return machine_sign_in(source, self.values, environ, self.problems)
        base = self._configured(kinds, environ)
        if source is None:
            return base
        return assumed(base, self.values, self.given, self.problems)

    def _configured(self, kinds: list[SignInKind], environ: Mapping[str, str]) -> SignIn | None:
        if not kinds:
            pair, self.project_of_tools = key_pair_of_tools(environ, self.problems)
            return pair
        found = sign_in_problems(kinds, self.given)
        self.problems += found
        return (
            None
            if found or self.wrong & set(FIELDS[kinds[0]])
            else sign_in_from(kinds[0], self.values)
        )

    def _take_project_of_tools(self) -> None:
        value = self.project_of_tools
        if not value:
            return
        self.given.add("project_id")
        try:
            self.values["project_id"] = checked_id(value)
        except ValueError as problem:
            self.wrong.add("project_id")
            self.problems.append(f"{ENVIRONMENT_PROJECT} {problem}")

    def _projects(self, kinds: list[SignInKind] | None) -> list[Project]:
        entries = self._entries()
        projects = [project_from(entry, self.values) for entry in entries if "project_id" in entry]
        if None in projects and not self.wrong & {"region", "api_url", "cloud", "projects"}:
            self.problems.append("region or api_url must be given, for every project")
        ids = [entry.get("project_id") for entry in entries]
        if len(set(ids)) < len(ids):
            self.problems.append("projects names a project twice")
        if kinds == ["token"] and len(ids) > 1:
            self.problems.append("auth_token serves one project, but projects names several")
        return [project for project in projects if project is not None]

    def _entries(self) -> list[dict[str, str]]:
        if {"project_id", "projects"} <= self.given:
            self.problems.append("project_id and projects are both given: keep one")
        elif not self.given & {"project_id", "projects"}:
            self.problems.append("project_id must be given (or projects, or discover_projects)")
        known = len(self.problems)
        entries = [
            checked_entry(entry, place, self.problems)
            for place, entry in enumerate(self.values["projects"] or [], start=1)
        ]
        if len(self.problems) > known:
            self.wrong.add("projects")
        alone = self.values["project_id"]
        return entries or ([{"project_id": alone}] if alone else [])

    def _check_fit(
        self, sign_in: SignIn | None, projects: list[Project], discovery: Discovery | None
    ) -> None:
        """Check that the services are where this sign-in works."""
        asks_iam = {Password: "a sign-in with a password", AssumedAgency: "an agency"}
        purpose = asks_iam.get(type(sign_in))
        if purpose and not self.wrong and any(p.iam_url is None for p in projects):
            self.problems.append(f"iam_url or region must be given for {purpose}")
        hosts = [project.api_url for project in projects] + ([discovery.host] if discovery else [])
        if isinstance(sign_in, SIGNING) and any(map(derives_signing_key, hosts)):
            self.problems.append(
                "access_key does not work on Open Telekom Cloud, which signs in another way: give "
                "auth_token, or username, password and domain_name"
            )

    def _check_backups(self) -> None:
        start, end = self.values["start_date"], self.values["end_date"]
        if start and end and end < start:
            self.problems.append("end_date lies before start_date")
        if self.values["backup_type"] == "Incremental" and "instance_id" not in self.given:
            self.problems.append("backup_type Incremental needs instance_id")

    def _built(
        self, sign_in: SignIn, projects: list[Project], discovery: Discovery | None
    ) -> Settings:
        # Only here, because it brings msgspec: 40 ms that a face's `spec` need not pay.
        from tap_dds_backups.api.models import Filters  # noqa: PLC0415  # as above

        filters = Filters(**{name: self.values[name] for name in Filters.__struct_fields__})
        taken = {name: self.values[name] for name in Settings._fields if name in self.values}
        found = {"projects": tuple(projects), "discovery": discovery}
        return Settings(sign_in=sign_in, filters=filters, **taken | found)
