//! All entities and the service they belong to.

use super::entity::Entity;
use super::fold::fold;
use super::service::Service;
use crate::error::{Error, Result};
use crate::message;

/// All entities and the service they belong to.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The service as a whole.
    pub service: Service,
    pub(super) entities: Vec<Entity>,
}

impl Catalog {
    /// All entities, in the order they are shown.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entity of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.name == name)
    }

    /// The entity a user means by `name`, in English or Chinese.
    ///
    /// # Errors
    /// A name that means nothing is answered with the list of names; a bare 客户 with a question.
    pub fn find(&self, name: &str) -> Result<&Entity> {
        let wanted = fold(name);
        if matches!(wanted.as_str(), "客户" | "clients" | "client") {
            return Err(Error::usage(message!("entity.ambiguous", name = name)).hint(message!("entity.ambiguous_hint")));
        }
        let means = |entity: &&Entity| {
            [&entity.name, &entity.zh, &entity.en].into_iter().chain(&entity.aliases).any(|known| fold(known) == wanted)
        };
        self.entities.iter().find(means).ok_or_else(|| {
            let known: Vec<String> =
                self.entities.iter().map(|entity| format!("{}（{}）", entity.name, entity.zh)).collect();
            Error::usage(message!("entity.unknown", name = name))
                .hint(message!("entity.unknown_hint", known = known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_for_client_is_a_question() {
        assert!(Catalog::embedded().find("客户").is_err());
        assert_eq!(Catalog::embedded().find("联系人").unwrap().name, "customers");
        assert_eq!(Catalog::embedded().find(" Customer Groups ").unwrap().name, "customer-groups");
    }
}
