"""Every setting, once: both faces' schemas, the checks and the README's table are made from this."""

from __future__ import annotations

from tap_dds_backups.settings.setting import A_REGION, A_TIME, A_URL, AN_ID, Setting
from tap_dds_backups.settings.sign_in import SIGN_IN

CONFIG: tuple[Setting, ...] = (
    *SIGN_IN,
    Setting(
        "project_id",
        "Project id",
        "Id of the project to read (console: My Credentials, API Credentials). Give this, or "
        "projects, or discover_projects.",
        "projects",
        form=AN_ID,
    ),
    Setting(
        "projects",
        "Projects",
        "Several projects, read one after another. Each has a project_id and may have its own "
        "region, api_url and iam_url; what it leaves out is taken from the settings of that name.",
        "projects",
        "array",
    ),
    Setting(
        "discover_projects",
        "Discover projects",
        "Read every project that IAM lists for this sign-in, sub-projects included, in the order "
        "of their names; each one's region is taken from its name. region then only says which IAM "
        "is asked. Not with auth_token, which serves one project.",
        "projects",
        "boolean",
        default=False,
    ),
    Setting(
        "project_name_pattern",
        "Project name pattern",
        "With discover_projects: only projects whose name matches, letter case counting: * stands "
        "for any text, ? for one character, [ab] for one of these. A project is named as its "
        "region, a sub-project as region_name.",
        "projects",
        examples=("eu-west-101*", "*_prod-*"),
    ),
    Setting(
        "region",
        "Region",
        "Region id; the hosts of DDS and IAM are built from it. Give this or api_url.",
        "projects",
        form=A_REGION,
        examples=("eu-west-101", "cn-north-4", "ap-southeast-3"),
    ),
    Setting(
        "cloud",
        "Cloud",
        "Host suffix of the cloud, for clouds that share Huawei Cloud's interface: "
        "otc.t-systems.com, prod-cloud-ocb.orange-business.com, hc.cloud.ru.",
        "projects",
        default="myhuaweicloud.com",
    ),
    Setting(
        "api_url",
        "Address of DDS",
        "Address of DDS where it cannot be built from region and cloud. https only, except to "
        "this machine; a path prefix is kept.",
        "projects",
        form=A_URL,
        examples=("https://dds.eu-west-101.myhuaweicloud.eu",),
    ),
    Setting(
        "iam_url",
        "Address of IAM",
        "Address of IAM where it cannot be built from region and cloud; needed for passwords, "
        "agencies and discover_projects. A /v3 at its end is dropped.",
        "projects",
        form=A_URL,
    ),
    Setting(
        "start_date",
        "Start date",
        "Oldest begin_time wanted, as RFC 3339 date-time or date; UTC unless it says otherwise. "
        "Without it everything that exists is read.",
        "backups",
        form=A_TIME,
        examples=("2024-01-01T00:00:00Z", "2024-01-01"),
    ),
    Setting(
        "end_date",
        "End date",
        "Newest begin_time wanted, as RFC 3339 date-time or date; a date includes its whole day. "
        "Without it reading goes up to now.",
        "backups",
        form=A_TIME,
        examples=("2024-12-31T23:59:59Z", "2024-12-31"),
    ),
    Setting(
        "instance_id",
        "Instance id",
        "Only backups of this instance.",
        "backups",
        form=AN_ID,
    ),
    Setting(
        "backup_id",
        "Backup id",
        "Only this backup.",
        "backups",
        form=AN_ID,
    ),
    Setting(
        "backup_type",
        "Backup type",
        "Only backups of this type; Incremental needs instance_id. Without it: all full backups.",
        "backups",
        choices=("Auto", "Manual", "Incremental"),
    ),
    Setting(
        "mode",
        "Instance mode",
        "Only backups of instances of this mode.",
        "backups",
        choices=("Sharding", "ReplicaSet", "Single"),
    ),
    Setting(
        "lookback_seconds",
        "Look-back (seconds)",
        "How far behind the bookmark each run reads again, for backups that appeared late or "
        "changed. It widens the query only and never moves the bookmark.",
        "reading",
        "integer",
        default=86_400,
        minimum=0,
        maximum=2_592_000,
    ),
    Setting(
        "page_size",
        "Page size (rows)",
        "Rows per request.",
        "reading",
        "integer",
        default=100,
        minimum=10,
        maximum=100,
    ),
    Setting(
        "incremental_lookback_seconds",
        "Look-back of incremental backups (seconds)",
        "The look-back of the stream incremental_backups, which costs calls for every instance.",
        "reading",
        "integer",
        default=3_600,
        minimum=0,
        maximum=2_592_000,
    ),
    Setting(
        "restore_window_days",
        "Days of restorable ranges",
        "How many UTC days back, today included, the stream restore_windows asks for: one call for "
        "each day and instance.",
        "reading",
        "integer",
        default=7,
        minimum=1,
        maximum=732,
    ),
    Setting(
        "concurrency",
        "Concurrency (requests)",
        "Requests in flight at most; reached slowly, halved when the service throttles.",
        "reading",
        "integer",
        default=8,
        minimum=1,
        maximum=16,
    ),
    Setting(
        "requests_per_minute",
        "Requests per minute",
        "A ceiling of your own. Without it the tap goes as fast as the service allows, and slows "
        "down when it is throttled.",
        "reading",
        "integer",
        minimum=1,
        maximum=60_000,
    ),
    Setting(
        "request_timeout_seconds",
        "Request timeout (seconds)",
        "How long one request may take from connecting to its last byte.",
        "connection",
        "integer",
        default=60,
        minimum=1,
        maximum=3_600,
    ),
    Setting(
        "max_attempts",
        "Attempts",
        "How often one request is tried in all when the service or the network fails; throttled "
        "answers do not count.",
        "connection",
        "integer",
        default=5,
        minimum=1,
        maximum=20,
    ),
    Setting(
        "ca_bundle",
        "CA bundle",
        "Path of a PEM file with the certificate authorities to trust; wins over "
        "REQUESTS_CA_BUNDLE.",
        "connection",
        hidden=True,
    ),
    Setting(
        "user_agent",
        "User agent",
        "Value of the User-Agent header, instead of the tap's own name and version.",
        "connection",
        hidden=True,
    ),
    Setting(
        "emit_activate_version_messages",
        "Write ACTIVATE_VERSION",
        "After a complete FULL_TABLE run without filters and dates, tell the target that rows it "
        "did not get no longer exist.",
        "reading",
        "boolean",
        default=False,
        singer_only=True,
    ),
)
SECRETS = frozenset(setting.name for setting in CONFIG if setting.secret)
