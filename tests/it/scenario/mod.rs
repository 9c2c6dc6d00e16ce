//! Scenarios: what a correct one becomes, and the exact report of every kind of mistake.

mod shipped;
