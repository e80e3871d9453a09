//! The custom fields that an account has, among those of the catalog.

use super::entity::Entity;
use super::field::Field;
use super::fold::fold;
use super::kind::Kind;

impl Entity {
    /// The entity with the custom fields of an account. One that the catalog has too is one field: it keeps what the catalog
    /// says of it and takes from the account its label, as another name, and its options. A label that another field has is
    /// followed by the field's key.
    #[must_use]
    pub fn with_account_fields(&self, fields: &[Field]) -> Entity {
        let mut entity = self.clone();
        for field in fields {
            match entity.fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) if known.custom => known.learn(field),
                // One of the service's own fields, which is no custom one.
                Some(_) => {}
                None => {
                    let field = self.told_apart(field, fields);
                    entity.fields.push(field);
                }
            }
        }
        entity
    }

    /// Whether an account told of any field.
    pub fn has_account_fields(&self) -> bool {
        self.fields.iter().any(|field| field.learned)
    }

    /// The fields that an account told of whose label is `title`, where it alone does not say which one is meant.
    pub fn same_labelled(&self, title: &str) -> Vec<&Field> {
        let wanted = |field: &&Field| field.learned && fold(&field.zh) == fold(&titled(title, &field.name));
        self.fields.iter().filter(wanted).collect()
    }

    /// The field, its label followed by its key where another field has that label.
    fn told_apart(&self, field: &Field, all: &[Field]) -> Field {
        let mut field = field.clone();
        let label = fold(&field.zh);
        let is_same = |other: &Field| {
            other.name != field.name && [&other.name, &other.zh, &other.en].into_iter().any(|name| fold(name) == label)
        };
        if self.fields.iter().chain(all).any(is_same) {
            field.zh = titled(&field.zh, &field.name);
            field.en = field.zh.clone();
        }
        field
    }
}

impl Field {
    /// Takes what an account says of the same field.
    fn learn(&mut self, field: &Field) {
        let is_new = [&self.zh, &self.en].into_iter().chain(&self.aliases).all(|name| fold(name) != fold(&field.zh));
        if is_new {
            self.aliases.push(field.zh.clone());
        }
        if self.choices.is_empty() && matches!(self.kind, Kind::Text | Kind::Choice) && !field.choices.is_empty() {
            self.kind = field.kind;
            self.choices.clone_from(&field.choices);
            self.several = field.several;
        }
    }
}

/// A label that others have too, as the header of an export tells it apart.
pub fn titled(label: &str, key: &str) -> String {
    format!("{}（{key}）", label.trim())
}
