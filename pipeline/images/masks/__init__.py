"""Masks: each as its file has it, and those of a pair over the same classes."""
