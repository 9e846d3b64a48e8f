//! A table of a topic, as a node sends it: whole, then what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::Failure;
use crate::model::Text;
use crate::model::cluster::TroubleKind;
use crate::model::peer::{PeerTable, RowKey};
use crate::model::table::Row;

/// Rows by key. A row that did not change stays the same row, not an equal one.
#[derive(Debug)]
pub(super) struct Table<R> {
    rows: BTreeMap<Text, Arc<R>>,
    max_rows: usize,
}

impl<R: Row + Clone + PartialEq> Table<R> {
    pub(super) fn new(max_rows: usize) -> Self {
        Self { rows: BTreeMap::new(), max_rows }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<R>> {
        self.rows.values()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes all rows anew; those equal to what is there stay the same.
    pub(super) fn replace(
        &mut self,
        new: Vec<R>,
        tidy: impl Fn(&mut R) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if new.len() > self.max_rows {
            return Err(TroubleKind::TooLarge.into());
        }
        let mut rows = BTreeMap::new();
        for mut row in new {
            tidy(&mut row)?;
            let key = Text::from(row.key());
            let row = match self.rows.get(&key) {
                Some(old) if **old == row => old.clone(),
                _ => Arc::new(row),
            };
            rows.insert(key, row);
        }
        self.rows = rows;
        Ok(())
    }

    /// Takes over what changed.
    pub(super) fn change(
        &mut self,
        changes: &PeerTable<'_>,
        tidy: impl Fn(&mut R) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for key in &changes.dropped {
            self.rows.remove(key);
        }
        for raw in &changes.changed {
            let RowKey { key } = parse(raw)?;
            let is_full = self.rows.len() >= self.max_rows;
            match self.rows.get_mut(&key) {
                Some(row) => {
                    let row = Arc::make_mut(row);
                    row.apply(parse::<R::Change>(raw)?);
                    tidy(row)?;
                }
                None if is_full => {
                    return Err(TroubleKind::TooLarge.into());
                }
                None => {
                    let mut row = parse::<R>(raw)?;
                    tidy(&mut row)?;
                    self.rows.insert(key, Arc::new(row));
                }
            }
        }
        Ok(())
    }
}

/// Reads a part of an answer.
pub(super) fn parse<T: serde::de::DeserializeOwned>(raw: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(raw.get()).map_err(|_| TroubleKind::Malformed.into())
}
