"""The daemon as a process: its signals, its pulse, its memory, its log."""
