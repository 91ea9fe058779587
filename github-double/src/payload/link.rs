//! The many addresses that GitHub sends along, written from tables.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Names of fields, each with what follows the base in its value.
pub(super) type Table = &'static [(&'static str, &'static str)];

/// One field for each row of the table.
pub(super) struct Links {
    pub(super) base: String,
    pub(super) table: Table,
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.len()))?;
        for (name, path) in self.table {
            map.serialize_entry(name, &Joined(&self.base, path))?;
        }
        map.end()
    }
}

struct Joined<'a>(&'a str, &'a str);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.0, self.1))
    }
}
