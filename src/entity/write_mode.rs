//! Whether rows become new records or change old ones.

use super::entity::Entity;

/// Whether rows become new records or change old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum WriteMode {
    /// Every row becomes a new record.
    #[default]
    Create,
    /// Every row names a record by its id and changes it.
    Update,
}

impl WriteMode {
    /// Its name in journals and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            WriteMode::Create => "create",
            WriteMode::Update => "update",
        }
    }

    /// The mode a journal names.
    pub fn of(name: &str) -> WriteMode {
        if name == WriteMode::Update.as_str() { WriteMode::Update } else { WriteMode::Create }
    }

    /// What rows have to hold to be written so.
    pub fn entity(self, entity: &Entity) -> Entity {
        match self {
            WriteMode::Create => entity.clone(),
            WriteMode::Update => entity.for_update(),
        }
    }

    /// Whether rows that write to the same record must not run at the same time.
    pub fn has_one_writer(self, entity: &Entity) -> bool {
        self == WriteMode::Update || entity.edits.is_some() || entity.conflict.is_some()
    }

    /// Whether each row that is sent makes a record of its own.
    pub fn makes_records(self, entity: &Entity) -> bool {
        !self.has_one_writer(entity)
    }
}
