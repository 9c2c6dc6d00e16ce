//! The enrolment registry: margins, look-ups, overlay.
