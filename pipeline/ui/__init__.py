"""The live page: a server for one person on this machine, of the standard library only."""
