"""Programs in turn, round after round, so that a busy minute of the machine falls on all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measure import Program, Sample, run
from benchmarks.service import Service


@dataclass(frozen=True)
class Bench:
    """How much is done: the rounds (odd), the short form or not, and where files go.

    `warm`: before the first round each program runs once unmeasured, to fill caches and compile.
    """

    rounds: int
    short: bool
    folder: Path
    warm: bool = True

    def size(self, rows: int) -> int:
        """So many backups; in the short form a few pages of them."""
        return 350 if self.short else rows

    def measure(self, programs: Sequence[Program], service: Service) -> Measured:
        """Run all in turn, round after round."""
        samples: dict[str, list[Sample]] = {program.name: [] for program in programs}
        for number in range(0 if self.warm else 1, self.rounds + 1):
            for program in programs:
                sample = run(program, service, self.folder / "run")
                note(f"  {number}/{self.rounds} {program.name}: {sample}")
                if number:
                    samples[program.name].append(sample)
        return Measured(samples)


@dataclass(frozen=True)
class Measured:
    """The samples of each program, in the order of the rounds."""

    samples: dict[str, list[Sample]]

    def median(self, name: str, what: str) -> float:
        """The median of one figure."""
        return median(float(getattr(sample, what)) for sample in self.samples[name])

    def ratio(self, name: str, other: str, what: str) -> float:
        """The median of the ratios within each round."""
        pairs = zip(self.samples[name], self.samples[other], strict=True)
        return median(float(getattr(one, what) / getattr(two, what)) for one, two in pairs)


@dataclass(frozen=True)
class Target:
    """A figure that is promised, and what it is."""

    text: str
    figure: float
    most: float
    unit: str = ""

    def line(self) -> list[str]:
        """The row of a table."""
        kept = "yes" if self.figure <= self.most else "**no**"
        return [self.text, f"{self.most:g}{self.unit}", f"{self.figure:.3g}{self.unit}", kept]


def targets(found: Sequence[Target]) -> list[str]:
    """The table of what is promised."""
    head = ["target", "at most", "measured", "kept"]
    return table(head, [target.line() for target in found])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table, numbers to the right."""
    under = ["---", *["--:"] * (len(head) - 1)]
    return [*(f"| {' | '.join(row)} |" for row in [head, under, *rows]), ""]


def note(text: str) -> None:
    """Tell how it goes, on standard error."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Case:
    """What is measured: `run` returns its part of the results as Markdown lines.

    Args:
        once: one round without a warm one is enough, or all that anybody would wait for.
        times: so many rounds for each that is asked for.
    """

    run: Callable[[Bench], list[str]]
    once: bool = False
    times: int = 1

    def bench(self, rounds: int, folder: Path) -> Bench:
        """How it is to be measured; 0 rounds stand for the short form."""
        if rounds == 0 or self.once:
            return Bench(1, rounds == 0, folder, warm=False)
        return Bench(rounds * self.times, short=False, folder=folder)
