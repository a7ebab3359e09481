"""A server of the live page, in a thread."""

import threading
from contextlib import contextmanager

from pipeline.live.server import Server
from pipeline.settings.layers import load_config


@contextmanager
def serving(dataset, results, config):
    def settings_of(pair):
        return load_config(dataset.root, None, pair.own_settings())

    with Server(dataset, results, config, settings_of, 0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()
