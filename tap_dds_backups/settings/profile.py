"""The key pair of the vendor's own tools: their variables, then the profile in the home folder."""

from __future__ import annotations

from collections.abc import Mapping

from tap_dds_backups.api.secret import Secret, Unshown
from tap_dds_backups.settings.credentials import KeyPair
from tap_dds_backups.settings.values import header_text

ENVIRONMENT_PROJECT = "HUAWEICLOUD_SDK_PROJECT_ID"
_FILE_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_SECTION = "basic"
# Setting: variable, key of the profile.
_NAMES = {
    "access_key": ("HUAWEICLOUD_SDK_AK", "ak"),
    "secret_key": ("HUAWEICLOUD_SDK_SK", "sk"),
    "security_token": ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "security_token"),
}
_NONE = (
    "no sign-in is configured: give auth_token; or username, password and domain_name; or "
    "access_key and secret_key (or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK in the environment, "
    "or ak and sk in ~/.huaweicloud/credentials); or credential_source"
)


def key_pair_of_tools(
    environ: Mapping[str, str], problems: list[str]
) -> tuple[KeyPair | None, str | None]:
    """Return the key pair that the vendor's SDK would find, and the project that goes with it.

    None, with a problem, where there is no key pair. Both come from one place: the variables win
    as a whole.
    """
    variables = {name: variable for name, (variable, _) in _NAMES.items()}
    project = environ.get(ENVIRONMENT_PROJECT)
    if found := {name: v for name, key in variables.items() if (v := environ.get(key))}:
        return _pair(found, variables, "the environment", problems), project
    known = len(problems)
    profile = _profile(environ, problems)
    keys = {name: key for name, (_, key) in _NAMES.items()}
    if found := {name: value for name, key in keys.items() if (value := profile.get(key))}:
        pair = _pair(found, keys, "the profile", problems)
        named = profile.get("project_id")  # hidden like the keys beside it, but no secret
        return pair, project or (str(named) if named else None)
    if len(problems) == known:
        problems.append(_NONE)
    return None, project


def _pair(
    found: Mapping[str, str], names: Mapping[str, str], place: str, problems: list[str]
) -> KeyPair | None:
    missing = [names[name] for name in ("access_key", "secret_key") if name not in found]
    if missing:
        problems.append(f"the key pair in {place} is incomplete: {' and '.join(missing)} missing")
        return None
    for name, value in found.items():
        try:
            header_text(value)
        except ValueError as problem:
            problems.append(f"{names[name]} {problem}")
            return None
    return KeyPair(**{name: Secret(value) for name, value in found.items()})


def _profile(environ: Mapping[str, str], problems: list[str]) -> Mapping[str, str]:
    """What the profile's section holds; nothing where there is no profile."""
    from configparser import ConfigParser, Error  # noqa: PLC0415  # rarely needed
    from pathlib import Path  # noqa: PLC0415  # rarely needed

    named = environ.get(_FILE_VARIABLE)
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not named and not home:
        return {}
    path = Path(named) if named else Path(home or "", ".huaweicloud", "credentials")
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        return Unshown(dict(parser[_SECTION])) if _SECTION in parser else {}
    except FileNotFoundError:
        return {}
    except OSError:
        problem = "cannot be read"
    except (Error, ValueError):  # its text would show the line
        problem = "is no INI file"
    problems.append(
        f"the profile {_FILE_VARIABLE if named else '~/.huaweicloud/credentials'} {problem}"
    )
    return {}
