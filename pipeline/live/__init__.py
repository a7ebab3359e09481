"""The live page: a server on this machine, stage two solved anew while lambda is dragged."""
