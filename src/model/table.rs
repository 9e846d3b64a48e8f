//! Tables: rows with a stable key, of which only what changed is sent.
//!
//! `table_row!` writes a row type and beside it a *change* of it: the key and only those fields
//! that differ. A client merges a change into the row with the same key; a key it does not know is
//! a new row, sent whole.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// A row of a table on the wire.
pub trait Row: Serialize + DeserializeOwned {
    /// The key and the fields that changed.
    type Change: Serialize + DeserializeOwned;

    /// Identity: the same key in the next snapshot is the same thing.
    fn key(&self) -> &str;

    /// What differs from `earlier`, or `None` if nothing does.
    fn change_since(&self, earlier: &Self) -> Option<Self::Change>;

    /// Takes over what changed; the key stays.
    fn apply(&mut self, change: Self::Change);
}

/// A field that is there, whatever its value: `null` is a value of a field that may be none.
///
/// # Errors
/// If the value is none of the field's type.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Defines a row type with `key: String` and its change type; see the module text.
#[macro_export]
macro_rules! table_row {
    (
        $(#[$meta:meta])*
        pub struct $row:ident, change $change:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
        #[cfg_attr(test, ts(export_to = "api.ts"))]
        pub struct $row {
            /// Identity of the row: the same key in the next snapshot is the same thing.
            pub key: $crate::model::Text,
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        /// The fields of a row that changed since the snapshot before.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $change {
            /// Key of the row that changed.
            pub key: $crate::model::Text,
            $(
                $(#[$field_meta])*
                #[serde(
                    default,
                    deserialize_with = "crate::model::table::given",
                    skip_serializing_if = "Option::is_none"
                )]
                pub $field: Option<$type>,
            )*
        }

        impl $crate::model::table::Row for $row {
            type Change = $change;

            fn key(&self) -> &str {
                &self.key
            }

            fn change_since(&self, earlier: &Self) -> Option<$change> {
                if self == earlier {
                    return None;
                }
                Some($change {
                    key: self.key.clone(),
                    $( $field: (self.$field != earlier.$field).then(|| self.$field.clone()), )*
                })
            }

            fn apply(&mut self, change: $change) {
                $(
                    if let Some(value) = change.$field {
                        self.$field = value;
                    }
                )*
            }
        }
    };
}
