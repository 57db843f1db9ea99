"""Is the log as it was written?"""
