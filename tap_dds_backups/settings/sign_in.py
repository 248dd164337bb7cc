"""The settings of the sign-ins."""

from __future__ import annotations

from tap_dds_backups.settings.setting import Setting

SIGN_IN: tuple[Setting, ...] = (
    Setting(
        "access_key",
        "Access key (AK)",
        "Access key id of an IAM user or agency.",
        "sign_in",
        secret=True,
        sign_in="access_key",
        required=True,
    ),
    Setting(
        "secret_key",
        "Secret key (SK)",
        "Secret key that belongs to the access key; it signs and is never sent.",
        "sign_in",
        secret=True,
        sign_in="access_key",
        required=True,
    ),
    Setting(
        "security_token",
        "Security token",
        "Only for a temporary access key: the security token issued with it.",
        "sign_in",
        secret=True,
        sign_in="access_key",
    ),
    Setting(
        "username",
        "IAM user name",
        "Name of the IAM user, not of the account. A HUAWEI ID or a federated user cannot be used.",
        "sign_in",
        sign_in="password",
        required=True,
    ),
    Setting(
        "password",
        "Password",
        "Password of the IAM user.",
        "sign_in",
        secret=True,
        sign_in="password",
        required=True,
    ),
    Setting(
        "domain_name",
        "Account name",
        "Name of the account (domain) to which the IAM user belongs.",
        "sign_in",
        sign_in="password",
        required=True,
    ),
    Setting(
        "auth_token",
        "Token",
        "A token whose scope is the project; it serves that one and ends 24 hours after its issue.",
        "sign_in",
        secret=True,
        sign_in="token",
        required=True,
    ),
    Setting(
        "credential_source",
        "Source of credentials",
        "Where temporary keys come from, which are renewed before they expire: ecs_agency, the "
        "agency of the cloud server that this runs on; pod_identity, the agency of the pod; "
        "assume_agency, an agency that the sign-in assumes. Without it: the sign-in configured, "
        "else the variables HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and "
        "HUAWEICLOUD_SDK_SECURITY_TOKEN, else the profile ~/.huaweicloud/credentials.",
        "sign_in",
        choices=("ecs_agency", "pod_identity", "assume_agency"),
    ),
    Setting(
        "agency_name",
        "Agency name",
        "Name of the agency to assume; for credential_source assume_agency.",
        "sign_in",
    ),
    Setting(
        "agency_domain_name",
        "Agency account name",
        "Name of the account (domain) that made the agency; for credential_source assume_agency.",
        "sign_in",
    ),
    Setting(
        "metadata_url",
        "Address of the metadata service",
        "Address of the metadata service, for credential_source ecs_agency: this machine or a "
        "link-local address.",
        "sign_in",
        default="http://169.254.169.254",
        hidden=True,
    ),
)
