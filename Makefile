# make demo | make test | make check | make bench | make faults | make lock
