//! Exact results of queueing theory, and staffing by formula.
//!
//! Imports `time` alone. Never enters: chance, the engine.
