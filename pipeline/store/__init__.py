"""What lies on the disk: files that are whole or not there, their hashes, manifests, and the lock."""
