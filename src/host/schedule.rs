//! When each source runs, and what happens when one does not come back.
