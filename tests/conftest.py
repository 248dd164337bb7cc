"""What every test stands on."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples in every run: a failure is a change in the code, not in the dice. Campaigns
# that search choose their own seed and print it.
settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same")
