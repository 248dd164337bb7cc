"""The standard tests that airbyte-cdk has for every source; run in an environment of their own."""

# ruff: noqa: INP001  # a folder that the standard tests run in, no package

from airbyte_cdk.test.standard_tests import SourceTestSuiteBase


class Executable:
    """Stands for the source; `executable` starts the real one."""

    def spec(self, logger: object) -> None:
        """What makes the standard tests take it for a connector."""


class TestSource(SourceTestSuiteBase):  # type: ignore[misc]  # a peer's, without types
    """All of them."""

    connector = Executable
