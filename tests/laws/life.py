"""What may happen in a project between two requests, on a clock that only we move."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tap_dds_backups.emulator import READINGS, Backup, Reading, Store
from tests.api.virtual import VirtualClock

HOUR, DAY = 3_600, 86_400
WEEK = 7 * DAY
SKEWS = [0.0, 0.0, 0.0, 1.5, -1.5, 40.0, -40.0, 7_200.0, -7_200.0, DAY, -DAY]
STORM = 300


@dataclass
class Life:
    """A project with three instances and its backups, under one reading of the manual.

    `skew` is the service's clock minus ours. A backup that appears late does so within the
    look-back, which is what is promised; `shown_since` says when the list could first show it.
    """

    random: Random
    reading: Reading = READINGS["as documented"]
    lookback: int = DAY
    skew: float = 0.0
    clock: VirtualClock = field(default_factory=VirtualClock)
    shown_since: dict[str, float] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)  # ids changed since this was last emptied
    storms: int = 1

    def __post_init__(self) -> None:
        self.store = Store(seed=self.random.randrange(1 << 30), reading=self.reading)
        modes = ("ReplicaSet", "Sharding", "Single")
        self.instances = [
            self.store.add_instance(f"orders-{number}", mode=mode)
            for number, mode in enumerate(modes)
        ]

    @property
    def now(self) -> float:
        """The service's clock, UTC seconds."""
        return self.clock.time + self.skew

    @property
    def hides_unfinished(self) -> bool:
        """Whether the time filter looks at a backup's end, which a running one has not."""
        return self.reading.acts_on in {"end", "span"}

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    def create(self, age: float = 0.0, *, running: bool = True, count: int = 1) -> None:
        """Backups that began `age` seconds ago, all in one second, appear in the list."""
        for _ in range(count):
            begin = int(self.now - age)
            backup = self.store.start(
                self.random.choice(self.instances),
                begin=begin,
                kind=self.random.choice(["Auto", "Auto", "Manual"]),
                status="BUILDING" if running else "COMPLETED",
                end=None if running else begin + self.random.randrange(1 + int(age)),
                size=self.random.randrange(1_000),
            )
            self.changed.add(backup.id)
            if not (running and self.hides_unfinished):
                self.shown_since[backup.id] = self.now

    def storm(self) -> None:
        """Three hundred backups of one second, a few times in a life."""
        if self.storms:
            self.storms -= 1
            self.create(self.random.randrange(HOUR), running=False, count=STORM)

    def finish(self, *, well: bool = True) -> None:
        """A running backup ends."""
        running = [backup for backup in self.store.backups() if backup.end is None]
        if not running:
            return
        backup = self.random.choice(running)
        end = max(self.now, backup.begin)
        if well:
            self.store.finish(backup.id, end=end, size=self.random.randrange(1_000))
        else:
            self.store.fail(backup.id, end=end)
        self.changed.add(backup.id)
        self.shown_since.setdefault(backup.id, self.now)

    def delete(self, *, oldest: bool = False) -> None:
        """A backup is gone, the oldest or any."""
        backups = self.store.backups()
        if backups:
            gone = min(backups, key=lambda b: b.begin) if oldest else self.random.choice(backups)
            self.store.delete(gone.id)

    def something(self) -> None:
        """One change, any."""
        pick = self.random.random()
        if pick < 0.3:
            self.create()
        elif pick < 0.5:
            age = self.random.choice([1, 5, 60, HOUR, self.lookback - 60]) * self.random.random()
            self.create(age, running=self.random.random() < 0.4)
        elif pick < 0.52:
            self.storm()
        elif pick < 0.8:
            self.finish(well=self.random.random() < 0.9)
        else:
            self.delete(oldest=self.random.random() < 0.5)

    def night(self) -> None:
        """A backup of each instance in one second, as nightly policies make them; old ones expire."""
        self.create(count=self.random.choice([3, 3, 12, 40]))
        for _ in range(max(0, len(self.store.backups()) - 400)):
            self.delete(oldest=True)

    def listed(self) -> list[Backup]:
        """What the service could show now, whatever the bounds of its time filter."""
        return [
            backup
            for backup in self.store.backups()
            if not (self.hides_unfinished and backup.end is None)
        ]

    def holds(self, backup: Backup) -> bool:
        """Whether the backup has not been deleted."""
        try:
            return self.store.backup(backup.id) is backup
        except KeyError:
            return False

    @property
    def crowded(self) -> bool:
        """Whether a storm has been: small pages would take hundreds of requests to get past it."""
        return self.storms == 0
