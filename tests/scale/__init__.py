"""The consumer at the scale of a province: many halls, several workers, a NATS cluster, one PostgreSQL."""
