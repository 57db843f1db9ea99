"""`make bench`: every benchmark beside its peer or limit in the same run, one JSON line each.

Absolute numbers of one machine say little, so each line is a ratio: both sides run in turn (A B A B) on the
same disk at the same time, and the median of the rounds counts. Targets are judged by people; none is a test.
"""
