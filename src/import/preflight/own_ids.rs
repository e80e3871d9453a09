//! Rows that name records of this service as their own, where new ones are to be made.

use crate::error::Error;
use crate::mapping::Mapping;
use crate::message;

/// Ids of this service's records that rows name as their own.
pub(super) struct OwnIds {
    pub column: Option<usize>,
    pub rows: u64,
    /// The number of the first of these rows …
    pub first: u64,
    /// … and the id it names.
    pub id: String,
    /// Whether any of them can be an id of this service.
    pub is_possible: bool,
}

impl OwnIds {
    /// A new record gets an id of its own: rows that name one may be there already, and would be there twice.
    pub(super) fn refuse_create(&self, mapping: &Mapping) -> Error {
        let OwnIds { column, rows, first, id, is_possible } = self;
        let header = column.map_or("", |column| mapping.header(column));
        if !is_possible {
            return Error::usage(message!("import.foreign_ids", header = header, rows = rows, row = first, id = id))
                .hint(message!("import.foreign_ids_hint", header = header));
        }
        let entity = mapping.entity().labels();
        Error::usage(message!("import.own_ids", header = header, entity = entity, rows = rows, row = first, id = id))
            .hint(message!("import.own_ids_hint", header = header))
    }
}
