"""One listing that is read and remembered by itself: a project, or an instance of it."""

from __future__ import annotations

from msgspec import Struct, field

from tap_dds_backups.api.models import Filters


class Partition(Struct, frozen=True):
    """A project's listing under the configured filters; `instance_id` where it is per instance."""

    project_id: str
    filters: Filters = field(default_factory=Filters)
    instance_id: str | None = None

    @property
    def context(self) -> dict[str, str]:
        """What names this partition in the state."""
        if self.instance_id is None:
            return {"project_id": self.project_id}
        return {"project_id": self.project_id, "instance_id": self.instance_id}

    def __str__(self) -> str:
        name = f"project {self.project_id}"
        return name if self.instance_id is None else f"{name}, instance {self.instance_id}"
