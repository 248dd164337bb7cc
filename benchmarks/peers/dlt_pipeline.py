"""A dlt pipeline from its declarative REST source into files of JSON lines."""

import json
import sys
from pathlib import Path

import dlt
from dlt.sources.rest_api import rest_api_source

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
folder = Path(sys.argv[1]).parent

dlt.config["normalize.data_writer.disable_compression"] = True  # the others do not compress
paginator = {"type": "offset", "limit": 100, "total_path": "total_count"}
headers = {"X-Auth-Token": given["auth_token"]}
endpoint = {
    "path": f"v3/{given['project_id']}/backups",
    "data_selector": "backups",
    "paginator": paginator,
}
source = rest_api_source(
    {
        "client": {"base_url": given["api_url"], "headers": headers},
        "resources": [{"name": "backups", "primary_key": "id", "endpoint": endpoint}],
    }
)
pipeline = dlt.pipeline(
    "backups",
    pipelines_dir=str(folder / "pipelines"),
    destination=dlt.destinations.filesystem(bucket_url=(folder / "loaded").as_uri()),
    dataset_name="dds",
)
pipeline.run(source, loader_file_format="jsonl")
