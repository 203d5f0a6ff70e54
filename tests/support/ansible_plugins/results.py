"""A callback for tests: each result as a line of JSON, then the recap, in the file that the environment names."""

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: Each result as a line of JSON
description: For the tests of the collection.
"""


class CallbackModule(CallbackBase):
    """Write what the tests look at."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"

    def _write(self, **line):
        with Path(os.environ["RESULTS_FILE"]).open("a") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def _tell(self, result, **_):
        # pylint: disable=protected-access
        self._write(host=result._host.get_name(), task=result._task.get_name(), result=result._result)

    def v2_runner_on_ok(self, result):
        self._tell(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._tell(result)

    def v2_runner_on_unreachable(self, result):
        self._tell(result)

    def v2_playbook_on_stats(self, stats):
        self._write(stats={host: stats.summarize(host) for host in stats.processed})
