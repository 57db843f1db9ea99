"""One JSON line for each gate in its long form, on stderr: the workers of a parallel run have no stdout."""

import json
import sys


def say(gate: str, **figures: object) -> None:
    """Print the line of a gate."""
    print("\n" + json.dumps({"gate": gate, **figures}), file=sys.stderr, flush=True)
