"""Read messages from files by Airbyte's own models: run with their environment's Python.

Each line of each file has to be an AirbyteMessage whose fields all are fields of the protocol.
"""

import json
import sys
from pathlib import Path

from airbyte_protocol.models import AirbyteMessage
from pydantic import BaseModel

# Where any key may stand: data, blobs and schemas.
FREE = {"data", "stream_state", "json_schema", "connectionSpecification"}


def unknown(model: BaseModel, path: str = "") -> list[str]:
    """Return the paths of fields that the protocol does not have, but its models let pass."""
    found = [f"{path}.{name}" for name in model.model_extra or {}]
    for name in type(model).model_fields:
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, BaseModel) and name not in FREE:
                found += unknown(item, f"{path}.{name}")
    return found


def main(folder: Path) -> int:
    """Check every file; say what is wrong."""
    count, kinds = 0, set()
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            message = AirbyteMessage.model_validate_json(line)
            if extra := unknown(message):
                sys.exit(f"{path.name}: {extra} in {line[:300]}")
            kinds.add(message.type.value)
            count += 1
    print(json.dumps({"messages": count, "types": sorted(kinds)}))  # noqa: T201  # its answer
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
