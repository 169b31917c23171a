//! What docs/events.md shows is what happens.
