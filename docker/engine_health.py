"""Asks the engine whether it has its model; ends with 1 where it has not. Python 3.10."""

import json
import os
import sys
import urllib.request

request = urllib.request.Request(
    "http://127.0.0.1:5005/webhooks/careline/health",
    headers={"Authorization": f"Bearer {os.environ['CARELINE_ENGINE_TOKEN']}"},
)
with urllib.request.urlopen(request, timeout=2) as response:  # noqa: S310 - a literal http address
    sys.exit(0 if json.load(response)["ready"] else 1)
