//! Columns with ids of another system: which they are, and what is remembered of them. They never feed an id of this service.

use super::builder::{MappingBuilder, OldId};
use super::sources::{OldIdColumn, OldReference, ValueSource, external};
use super::vendors::Vendors;
use crate::entity::{Field, Kind, OLD_ID, fold};
use crate::error::{Error, Result};
use crate::message;
use crate::t;

impl MappingBuilder<'_> {
    /// Finds the columns that hold keys of another system: by their headers alone, or because they mean ids of this service
    /// in a file that is known to be another system's. They feed nothing.
    pub(super) fn find_old_ids(&mut self) {
        let vendors = Vendors::embedded();
        let folded: Vec<String> = self.sheet.header.iter().map(|header| fold(header)).collect();
        let is_key =
            |header: &String| vendors.key(header).is_some_and(|key| key.always) && !self.headers.is_exact(header);
        let is_marked = self.recognised.is_some() || self.source.is_some() || folded.iter().any(is_key);
        let mut found = Vec::new();
        for (column, header) in folded.iter().enumerate() {
            let key = vendors.key(header).filter(|key| is_marked || (key.always && is_key(header)));
            let field = self.headers.find(header);
            let is_id = |field: &Field| matches!(field.kind, Kind::Id | Kind::Ids) && field.clue.is_none();
            let means_id = field.is_some_and(|field| is_id(&self.entity.fields[field]));
            let is_old = match field {
                Some(_) => means_id && (key.is_some() || (is_marked && !vendors.is_own(header))),
                None => key.is_some(),
            };
            if is_old {
                let (of, external) = key.map_or(("", false), |key| (key.of, key.external));
                found.push(OldId { column, field, of, external });
            }
        }
        for old in &found {
            if vendors.key(&folded[old.column]).is_some_and(|key| key.always) {
                self.foreign.insert(old.column);
            }
            if self.reasons.contains_key(&old.column) || !self.is_decided(old.column) {
                self.reasons.insert(old.column, t!("mapping.old_id").into_owned());
            }
        }
        self.old_ids = found;
    }

    /// Finds the column with the ids that the records have in the other system: the one that the mapping file names, one whose
    /// header says so, or the one that is known of the export. They are remembered where it is known which system that is.
    pub(super) fn find_own_old_id(&mut self) -> Result<()> {
        let vendors = Vendors::embedded();
        let folded: Vec<String> = self.sheet.header.iter().map(|header| fold(header)).collect();
        // One that is left out is not sent: it is remembered all the same where it is known to be an old id.
        let is_free = |column: usize| {
            let feeds = |source: &ValueSource| matches!(source, ValueSource::Column(taken) if *taken == column);
            let is_old = self.old_ids.iter().any(|old| old.column == column);
            (is_old || !self.is_decided(column)) && !self.sources.iter().flatten().any(feeds)
        };
        let says_so = || {
            let of_header = |header: &String| vendors.is_old_id(header) && self.headers.find(header).is_none();
            folded.iter().position(of_header).filter(|column| is_free(*column)).map(|column| (column, false))
        };
        let known_system = self.recognised.as_ref().filter(|_| self.is_of_entity());
        let of_export = || {
            let (column, external) = vendors.own_key(&known_system?.name, &folded)?;
            is_free(column).then_some((column, external))
        };
        let likely = || {
            let column = vendors.likely_own_key(&self.entity.name, &folded).filter(|column| is_free(*column))?;
            self.source.as_ref().map(|_| (column, false))
        };
        let said = self.said_old_id.as_ref().map(|(column, _)| (*column, false));
        let Some((column, is_external)) = said.or_else(of_export).or_else(says_so).or_else(likely) else {
            return Ok(());
        };
        let source = self.source.clone().or_else(|| known_system.map(|seen| seen.source.clone()));
        let source = source.map(|source| if is_external { external(&source) } else { source });
        if let (None, Some((_, entry))) = (&source, &self.said_old_id) {
            let what = message!("mapping.old_id_without_source", name = entry.key);
            return Err(self.file.wrong(entry, what).hint(message!("mapping.old_id_without_source_hint")));
        }
        let reason = match &source {
            Some(source) => t!("mapping.old_id_kept", source = source),
            None => t!("mapping.old_id_not_kept"),
        };
        self.reasons.insert(column, reason.into_owned());
        self.old_id = source.map(|source| OldIdColumn { column, source });
        Ok(())
    }

    /// What the system goes by that the file comes from, where that is known.
    pub(super) fn system(&self) -> Option<String> {
        let of_file = self.source.clone().or_else(|| self.recognised.as_ref().map(|seen| seen.source.clone()));
        of_file.filter(|source| !source.is_empty())
    }

    /// The places of what tells by old ids which records are meant.
    fn old_id_clues(&self) -> impl Iterator<Item = usize> {
        let is_one = |field: &Field| field.clue.as_ref().is_some_and(|clue| clue.key == OLD_ID);
        (0..self.entity.fields.len()).filter(move |index| is_one(&self.entity.fields[*index]))
    }

    /// Takes columns with old ids of other records for what tells of these, unless they are left out on purpose. People of
    /// another system are nobody here.
    pub(super) fn place_old_references(&mut self) {
        for OldReference { column, entity, .. } in self.old_references() {
            let is_dropped = self.file.drop.iter().any(|entry| self.columns_named(&entry.key).contains(&column));
            let refers = |field: &Field| field.reference.as_deref() == Some(entity.as_str());
            let is_free = |index: &usize| {
                let field = &self.entity.fields[*index];
                let reference = field.clue.as_ref().and_then(|clue| self.entity.field(&clue.reference));
                self.sources[*index].is_none() && self.unsendable(field).is_none() && reference.is_some_and(refers)
            };
            let place = self.old_id_clues().find(is_free).filter(|_| !is_dropped && entity != "agents");
            if let Some(place) = place {
                self.reasons.remove(&column);
                self.sources[place] = Some(ValueSource::Column(column));
            }
        }
    }

    /// A system that is named has ids in the file, and old ids are those of a system that is named.
    pub(super) fn require_system(&self) -> Result<()> {
        let column = self.old_id_clues().find_map(|index| match self.sources[index] {
            Some(ValueSource::Column(column)) => Some(column),
            _ => None,
        });
        match (&self.source, column, self.system()) {
            (_, Some(column), None) => {
                let name = self.sheet.header[column].trim();
                Err(Error::usage(message!("mapping.reference_without_source", name = name))
                    .hint(message!("mapping.old_id_without_source_hint")))
            }
            // A mapping that is shipped names its system, and is used for whatever columns a file has.
            (Some(source), None, _)
                if !self.file.optional && self.old_id.is_none() && self.old_references().is_empty() =>
            {
                Err(Error::usage(message!("mapping.no_old_id", source = source, headers = self.headings()))
                    .hint(message!("mapping.no_old_id_hint")))
            }
            _ => Ok(()),
        }
    }

    /// Columns with ids that other records have in the other system, where it is known which one that is.
    pub(super) fn old_references(&self) -> Vec<OldReference> {
        let Some(source) = self.system() else { return Vec::new() };
        let reference = |old: &OldId| {
            let of_field = old.field.and_then(|field| self.entity.fields[field].reference.clone());
            let entity = of_field.unwrap_or_else(|| old.of.to_owned());
            let is_other = !matches!(entity.as_str(), "" | "others") && entity != self.entity.name;
            let source = if old.external { external(&source) } else { source.clone() };
            is_other.then_some(OldReference { column: old.column, entity, source })
        };
        self.old_ids.iter().filter_map(reference).collect()
    }

    /// Where an id is required and the file has only that of another system, every row says so.
    pub(super) fn place_old_ids(&mut self) {
        for index in 0..self.entity.fields.len() {
            let field = &self.entity.fields[index];
            let is_wanted = self.is_required(field) || self.wished().any(|name| *name == field.name);
            let has_source = self.sources[index].is_some() || self.has_clue(field);
            if has_source || !is_wanted || self.unsendable(field).is_some() {
                continue;
            }
            let is_own_id = self.entity.id.as_ref() == Some(&field.name);
            let stands_for = |old: &&OldId| match old.field {
                Some(meant) => meant == index,
                None if is_own_id => old.of.is_empty() || old.of == self.entity.name,
                None => field.reference.as_deref() == Some(old.of),
            };
            let column = self.old_ids.iter().find(stands_for).map(|old| old.column);
            self.sources[index] = column.map(ValueSource::OldId);
        }
    }
}
