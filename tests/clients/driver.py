"""Does what a test asks for: one JSON line each way."""

import json
import sys


def serve(client):
    """Calls the methods of `client` that the lines of standard input name."""
    for line in sys.stdin:
        method, arguments = json.loads(line)
        try:
            answer = {"gave": getattr(client, method)(*arguments)}
        except Exception as error:  # The test decides which ones are right.
            answer = {"raised": type(error).__name__, "text": str(error)}
        print(json.dumps(answer), flush=True)
