"""Tests of the device families, each against its simulator and against recorded or hand-written bytes."""
