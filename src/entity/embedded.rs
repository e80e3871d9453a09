//! The catalog inside the binary.

use std::sync::LazyLock;

use super::catalog::Catalog;

/// The service as a whole.
pub(super) const SERVICE: &str = include_str!("catalog/service.toml");

/// The catalog files, in the order they are listed to a user.
pub(super) const FILES: &[(&str, &str)] = &[
    ("customers", include_str!("catalog/customers.toml")),
    ("companies", include_str!("catalog/companies.toml")),
    ("customer-groups", include_str!("catalog/customer-groups.toml")),
    ("tickets", include_str!("catalog/tickets.toml")),
    ("tags", include_str!("catalog/tags.toml")),
    ("bindings", include_str!("catalog/bindings.toml")),
    ("agents", include_str!("catalog/agents.toml")),
    ("agent-groups", include_str!("catalog/agent-groups.toml")),
    ("ticket-templates", include_str!("catalog/ticket-templates.toml")),
    ("knowledge", include_str!("catalog/knowledge.toml")),
    ("chats", include_str!("catalog/chats.toml")),
    ("calls", include_str!("catalog/calls.toml")),
    ("fields", include_str!("catalog/fields.toml")),
];

#[expect(clippy::panic, reason = "a test parses every file that is embedded")]
static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
    // The files are part of the binary and a test parses every one of them, so this cannot fail for a user.
    let service = toml::from_str(SERVICE).expect("service.toml is valid");
    let entities = FILES
        .iter()
        .map(|(name, text)| toml::from_str(text).unwrap_or_else(|error| panic!("catalog entry {name}: {error}")))
        .collect();
    let mut catalog = Catalog { service, entities };
    catalog.tie_references();
    catalog
});

impl Catalog {
    /// The catalog inside the binary, without a user's changes.
    pub fn embedded() -> &'static Catalog {
        &EMBEDDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_valid_and_named_after_its_entity() {
        let catalog = Catalog::embedded();
        for ((file, _), entity) in FILES.iter().zip(catalog.entities()) {
            assert_eq!(*file, entity.name);
        }
    }
}
