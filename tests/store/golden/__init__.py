"""One small database of every schema version, as its release wrote it; `make.py` made them."""
