//! The parts together; against the test NVML library, see `tests/it`.
