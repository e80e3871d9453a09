//! Mobile numbers in the column of any telephone numbers.

use super::builder::MappingBuilder;
use super::sources::ValueSource;
use crate::entity::{Field, Kind};

impl MappingBuilder<'_> {
    /// A column of any telephone numbers may hold those of mobile phones: in new records they go to the field for these, when
    /// no other column feeds it.
    pub(super) fn route_mobiles(&mut self) {
        if self.entity.may_change || !self.file.only.is_empty() {
            return;
        }
        let place = |kind: Kind| {
            let is_it = |field: &Field| field.kind == kind && !field.custom && field.clue.is_none();
            self.entity.fields.iter().position(|field| is_it(field) && self.unsendable(field).is_none())
        };
        let (Some(mobile), Some(phone)) = (place(Kind::Mobile), place(Kind::Phone)) else { return };
        if let (None, Some(ValueSource::Column(column))) = (&self.sources[mobile], &self.sources[phone]) {
            self.sources[mobile] = Some(ValueSource::Routed(*column));
        }
    }
}
