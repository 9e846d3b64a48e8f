//! L4, delivery: routes, sessions, authorisation, assets.
