"""Python, to be met and not run."""
