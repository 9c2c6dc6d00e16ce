//! The script language: from text as written to a checked, immutable script.

pub mod catalogue;
pub mod value;
