//! Who may see what. The one place that turns a role into visibility.

use serde::{Deserialize, Serialize};

use super::HostId;

/// What a person, script or peer is allowed to see. Ordered: each role sees what the one before it
/// sees, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Load and free/busy, no names of people and no processes.
    Guest,
    /// Who is on what; command lines with secrets masked.
    Member,
    /// Everything, command lines in full.
    Admin,
}

impl Role {
    /// Every role, least first.
    pub const ALL: [Self; 3] = [Self::Guest, Self::Member, Self::Admin];

    /// The word used in the config, on the wire and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

/// Viewers who see exactly the same bytes. Frames are encoded once per audience, never per viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Audience {
    role: Role,
}

impl Audience {
    /// The audience of everybody with this role.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self { role }
    }

    /// The role behind it.
    #[must_use]
    pub fn role(self) -> Role {
        self.role
    }

    /// Whether this audience may know of the host at all.
    #[must_use]
    pub fn sees_host(self, _host: &HostId) -> bool {
        true
    }

    /// Whether this audience may see processes and who runs them.
    #[must_use]
    pub fn sees_processes(self) -> bool {
        self.role >= Role::Member
    }

    /// Whether this audience may see names: of people, places and services (who is logged in, where
    /// things are mounted, addresses).
    #[must_use]
    pub fn sees_names(self) -> bool {
        self.role >= Role::Member
    }

    /// Whether this audience sees command lines as they are; others see secrets masked.
    #[must_use]
    pub fn sees_full_commands(self) -> bool {
        self.role >= Role::Admin
    }
}
