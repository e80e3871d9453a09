//! Whether rows become new records, change those that are there, or either.

use super::entity::Entity;

/// Whether rows become new records, change those that are there, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum WriteMode {
    /// Every row becomes a new record.
    #[default]
    Create,
    /// A row becomes a new record where there is none with its key; else it is skipped.
    SkipExisting,
    /// A row changes the record that it names by its id or its key.
    Update,
    /// A row changes the record that it names, or becomes a new one where there is none.
    Upsert,
}

impl WriteMode {
    /// All modes.
    pub const ALL: [WriteMode; 4] = [WriteMode::Create, WriteMode::SkipExisting, WriteMode::Update, WriteMode::Upsert];

    /// Its name in journals and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            WriteMode::Create => "create",
            WriteMode::SkipExisting => "skip-existing",
            WriteMode::Update => "update",
            WriteMode::Upsert => "upsert",
        }
    }

    /// The mode a journal names.
    pub fn of(name: &str) -> WriteMode {
        WriteMode::ALL.into_iter().find(|mode| mode.as_str() == name).unwrap_or_default()
    }

    /// What rows have to hold to be written so. `key` names the fields that a record is known by, where a user says it; it
    /// takes the place of the natural keys.
    pub fn entity(self, entity: &Entity, key: &[String]) -> Entity {
        let mut entity = match self {
            WriteMode::Create | WriteMode::SkipExisting | WriteMode::Upsert => entity.clone(),
            // Its rows change records in any case.
            WriteMode::Update if entity.edits.is_some() => return entity.clone(),
            WriteMode::Update => entity.for_update(),
        };
        entity.may_change = matches!(self, WriteMode::Update | WriteMode::Upsert);
        entity.is_looked_up = self != WriteMode::Create;
        match (key, &entity.id) {
            ([], _) => {}
            ([field], Some(id)) if field == id => entity.keys.clear(),
            _ => {
                entity.keys = vec![key.to_vec()];
                if self == WriteMode::Update {
                    entity.fields.iter_mut().for_each(|field| field.required = false);
                }
            }
        }
        entity
    }

    /// Whether rows that write to the same record must not run at the same time.
    pub fn has_one_writer(self, entity: &Entity) -> bool {
        matches!(self, WriteMode::Update | WriteMode::Upsert) || entity.edits.is_some() || entity.conflict.is_some()
    }

    /// Whether a row that is sent may make a record of its own.
    pub fn makes_records(self, entity: &Entity) -> bool {
        self != WriteMode::Update && entity.edits.is_none() && entity.conflict.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_found_by_the_name_that_journals_and_the_command_line_have() {
        use clap::ValueEnum;
        for mode in WriteMode::ALL {
            assert_eq!(WriteMode::of(mode.as_str()), mode);
            assert_eq!(mode.to_possible_value().unwrap().get_name(), mode.as_str());
        }
        assert_eq!(WriteMode::value_variants(), WriteMode::ALL);
    }
}
