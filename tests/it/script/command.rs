//! `hatif check`, `graph`, `schema` and `init`, through the real program.
