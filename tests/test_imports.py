"""What the SDK imports for others is not loaded by a run, and is there for whoever needs it."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from tap_dds_backups.emulator import Emulator, plain_store
from tap_dds_backups.imports import version_in
from tap_dds_backups.tap import TapDDSBackups
from tests.faces.running import clean_environment

WITHIN = (
    "import sys\nfrom tap_dds_backups.imports import deferred\nwith deferred('colorsys'):\n    "
)


def printed(program: str) -> str:
    """What a Python of its own prints."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_nothing_is_loaded_until_it_is_called() -> None:
    """What was taken from a stand-in works once it is called, and loads the module then."""
    program = f"{WITHIN}from colorsys import rgb_to_hsv\n"
    program += "print('colorsys' in sys.modules, rgb_to_hsv(1, 1, 1), 'colorsys' in sys.modules)"
    assert printed(program) == "False (0.0, 0.0, 1) True"


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("print(colorsys.rgb_to_hsv(1, 1, 1))", "(0.0, 0.0, 1)"),
        ("print(*colorsys.rgb_to_hsv(1, 1, 1))", "0.0 0.0 1"),
        ("print('black' if not colorsys.rgb_to_hsv(1, 1, 1)[0] else 'red')", "black"),
    ],
)
def test_what_cannot_wait_is_loaded_at_once(use: str, told: str) -> None:
    """A module that the importing one needs a value of while it is imported works there."""
    assert printed(f"{WITHIN}import colorsys\n    {use}") == told


def test_what_is_made_of_it_meanwhile_waits_too() -> None:
    """Calls, attributes and indexes while a module is put off are made when something needs them."""
    program = (
        f"{WITHIN}import colorsys\n    lazy = colorsys.rgb_to_hsv(1, 1, 1)\n    last = lazy[2]\n"
    )
    program += "    counted = lazy.count(last)\n"
    program += "print('colorsys' in sys.modules, bool(counted), 'colorsys' in sys.modules)"
    assert printed(program) == "False True True"


def test_what_is_loaded_already_stays() -> None:
    """A module that somebody has imported before is not replaced."""
    program = f"import colorsys\nkept = colorsys\n{WITHIN}import colorsys\nprint(colorsys is kept)"
    assert printed(f"{program}\nprint(sys.modules['colorsys'] is kept)") == "True\nTrue"


def test_a_name_that_python_asks_modules_for_is_not_invented() -> None:
    """A stand-in is no package, for one."""
    assert printed(f"{WITHIN}import colorsys\nprint(hasattr(colorsys, '__path__'))") == "False"


def test_a_run_loads_none() -> None:
    """What is for targets, files in cloud storage and other kinds of streams is no part of a start."""
    program = (
        "import sys\nfrom tap_dds_backups.__main__ import main\n"
        "try:\n    main(['--about'])\nfinally:\n    print({'asyncio', 'joblib', 'jsonpath_ng', 'upath', 'fsspec', 'jsonschema', 'referencing', 'attr', 'idna', 'importlib_metadata', 'charset_normalizer.api'} & set(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stderr.splitlines()[-1] == "set()"
    assert "tap-dds-backups" in run.stdout


def test_the_sdk_still_finds_its_batch_files() -> None:
    """A feature of the SDK that needs one of them loads it."""
    program = (
        "from tap_dds_backups.imports import NEVER_USED_BY_A_RUN, deferred\n"
        "with deferred(*NEVER_USED_BY_A_RUN):\n    import singer_sdk\n"
        "from singer_sdk.helpers._batch import StorageTarget\n"
        "print(StorageTarget.split_url('file:///folder/file'))"
    )
    assert printed(program) == "('file:///folder', 'file')"


def test_the_sdk_still_checks_settings_and_schemas() -> None:
    """Another tap in the same process has its settings checked and its references resolved."""
    program = (
        "from tap_dds_backups.imports import NEVER_USED_BY_A_RUN, deferred\n"
        "with deferred(*NEVER_USED_BY_A_RUN):\n    from singer_sdk import plugin_base, singerlib\n"
        "schema = {'properties': {'a': {'default': 1}, 'b': {'$ref': '#/definitions/n'}},"
        " 'definitions': {'n': {'type': 'null'}}}\n"
        "schema, given = singerlib.resolve_schema_references(schema), {'b': 2}\n"
        "errors = plugin_base.JSONSchemaValidator(schema).iter_errors(given)\n"
        "print([error.message for error in errors], given)"
    )
    assert printed(program) == """["2 is not of type 'null'"] {'b': 2, 'a': 1}"""


def test_what_is_loaded_early_finds_what_it_needs() -> None:
    """Its own imports are not put off, what else was put off stays so, what was loaded is used."""
    program = (
        "import sys\nfrom tap_dds_backups.imports import deferred\n"
        "with deferred('jsonschema', 'referencing', 'colorsys'):\n"
        "    import jsonschema, referencing, colorsys\n"
        "    print(list(jsonschema.Draft7Validator({'type': 'null'}).iter_errors(None)))\n"
        "    print('colorsys' in sys.modules and sys.modules['colorsys'] is colorsys)\n"
        "    import referencing as real\n    print(real is referencing, real.Registry is not None)\n"
    )
    assert printed(program).splitlines() == ["[]", "True", "False True"]


def test_a_class_can_be_made_of_what_was_put_off() -> None:
    """A base class is looked up at once."""
    program = WITHIN.replace("colorsys", "sched") + "from sched import scheduler\n"
    program += "    class Own(scheduler): pass\nprint(Own().empty())"
    assert printed(program) == "True"


def test_a_target_still_checks_its_records() -> None:
    """What is taken from a module after the import is the thing itself: it stands in an `except`."""
    program = (
        "from tap_dds_backups.imports import NEVER_USED_BY_A_RUN, deferred\n"
        "with deferred(*NEVER_USED_BY_A_RUN):\n    from singer_sdk.sinks import core\n"
        "try:\n    core.JSONSchemaValidator({'type': 'object'}).validate(1)\n"
        "except core.InvalidRecord as problem:\n    print(problem.error_message)"
    )
    assert printed(program) == "1 is not of type 'object'"


def test_the_kind_of_a_value_can_be_asked_for() -> None:
    """A class out of a module that was put off tells its instances."""
    program = WITHIN.replace("colorsys", "sched") + "from sched import scheduler\n"
    program += "print(isinstance(1, scheduler), isinstance(scheduler(), scheduler))"
    assert printed(program) == "False True"


def test_the_version_of_what_is_put_off_is_the_true_one() -> None:
    """`requests` checks it while it is imported, and finds what it needs later."""
    program = (
        "import sys\nfrom tap_dds_backups.imports import deferred\n"
        "with deferred('charset_normalizer'):\n"
        "    import requests\n    from charset_normalizer import __version__ as early\n"
        "print('charset_normalizer.api' in sys.modules)\nimport charset_normalizer\n"
        "print(charset_normalizer.__version__ == early)\n"
        "answer = requests.Response()\nanswer._content = 'Zeit für Tee'.encode('utf-8')\n"
        "print(answer.apparent_encoding)"
    )
    assert printed(program).split() == ["False", "True", "utf-8"]


def test_the_version_of_what_has_no_module_of_versions() -> None:
    """Then the thing itself is loaded."""
    program = WITHIN.replace("colorsys", "optparse") + "from optparse import __version__\n"
    assert printed(f"{program}print(__version__)") == "1.5.3"


def test_the_sdk_still_reads_rows_out_of_json() -> None:
    """Another kind of stream in the same process has what it needs."""
    program = (
        "from tap_dds_backups.imports import NEVER_USED_BY_A_RUN, deferred\n"
        "with deferred(*NEVER_USED_BY_A_RUN):\n    import singer_sdk.streams.rest as rest\n"
        "print(list(rest.extract_jsonpath('$.a[*]', {'a': [1, 2]})))"
    )
    assert printed(program) == "[1, 2]"


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["singer_sdk-1.2.dist-info", "singer_sdk_more-2.dist-info", "singer_sdk"], "1.2"),
        (["singer_sdk-1.2.dist-info", "singer_sdk-1.3.dist-info"], None),
        (["singer_sdk", "singer_sdk.egg-link"], None),
    ],
)
def test_the_version_of_an_installed_package(
    tmp_path: Path, folders: list[str], found: str | None
) -> None:
    """Told by its folder where there is one such folder."""
    for folder in folders:
        (tmp_path / folder).mkdir()
    assert version_in(tmp_path, "singer_sdk") == found


def test_the_sdk_version_is_the_installed_one() -> None:
    """What the log names first is what a user has to tell us."""
    assert TapDDSBackups.get_sdk_version() == version("singer-sdk")


def test_settings_still_come_from_the_environment(tmp_path: Path) -> None:
    """`--config=ENV` reads variables, and looks for a file of them, with what was put off."""
    with Emulator(plain_store(3, until=time.time() - 60)) as service:
        settings = service.config("token")
        variables = {f"TAP_DDS_BACKUPS_{name.upper()}": settings[name] for name in settings}
        run = subprocess.run(
            [sys.executable, "-m", "tap_dds_backups", "--config=ENV"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env=clean_environment(**variables),
        )
    assert run.stdout.count('"type": "RECORD"') == 3


def test_what_was_imported_is_kept_and_garbage_is_looked_for_again() -> None:
    """Only what was imported inside is spared the search."""
    program = (
        "import gc\nfrom tap_dds_backups.imports import kept\n"
        "with kept():\n    import colorsys\n    print(gc.isenabled())\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    assert printed(program) == "False\nTrue True"
