//! L3, the demo role: believable, made-up hosts through the same types.
