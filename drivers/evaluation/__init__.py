"""No driver: what all evaluators share: levels, codes, the state machine of one window. All of it pure."""
