"""The command line within the test's own process: `hall_edge` without a new Python for each call."""

import subprocess
from pathlib import Path

from click.testing import CliRunner

from edge.cli import main


def hall_edge(*words: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {"HALL_EDGE_CONFIG": str(config)} if config else {}
    result = CliRunner().invoke(main, [*words], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return subprocess.CompletedProcess([*words], result.exit_code, result.stdout, result.stderr)
