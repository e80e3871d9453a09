//! What is known of files that other systems write: which headers hold their keys, by which headers their exports are known.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::entity::fold;
use crate::language::Language;
use crate::t;

const FILE: &str = include_str!("vendors.toml");

/// Columns that are hardly all of an export by chance.
const MANY_COLUMNS: usize = 10;

static EMBEDDED: LazyLock<Vendors> = LazyLock::new(|| {
    // The file is part of the binary and a test parses it, so this cannot fail for a user.
    let mut vendors: Vendors = toml::from_str(FILE).expect("vendors.toml is valid");
    vendors.fold();
    vendors
});

/// The knowledge of other systems. All headers are folded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vendors {
    own: Vec<String>,
    own_prefixes: Vec<String>,
    results: Vec<String>,
    /// Words for the ids that records have in another system.
    old_ids: Vec<String>,
    pub names: Names,
    keys: Vec<Keys>,
    exports: Vec<Export>,
}

/// Headers of the two parts of a person's name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    /// The field that takes both.
    pub field: String,
    pub first: Vec<String>,
    pub last: Vec<String>,
}

/// Headers that hold keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// The entity whose keys they are; empty for the row's own.
    of: String,
    /// Whether they are those of a third system, not of the one that wrote the file.
    #[serde(default)]
    external: bool,
    headers: Vec<String>,
    /// Those that are keys only in a file known to be another system's.
    #[serde(default)]
    marked: Vec<String>,
}

/// An export of another system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Export {
    /// The name of the mapping that is shipped for it.
    pub name: String,
    /// The entity that its rows become.
    pub entity: String,
    zh: String,
    en: String,
    /// What the system goes by.
    source: String,
    /// Headers of the ids that its records have there, the best first.
    old_ids: Vec<String>,
    /// Headers of ids that they have in a third one.
    #[serde(default)]
    external_ids: Vec<String>,
    signs: Vec<String>,
    #[serde(default = "two")]
    least: usize,
    #[serde(default)]
    custom: Vec<String>,
    header: Vec<String>,
}

fn two() -> usize {
    2
}

/// What a file looks like.
#[derive(Debug, Clone, Serialize)]
pub struct Recognised {
    /// The name of the export, and of the mapping that is shipped for it.
    pub name: String,
    /// What it is called in Chinese.
    pub zh: String,
    /// What it is called in English.
    pub en: String,
    /// The entity that its rows become.
    pub entity: String,
    /// What the system goes by that wrote it; nothing of files of our own.
    #[serde(skip)]
    pub source: String,
    /// Columns that it is known to have.
    pub matched: usize,
    /// Columns of the file that have a header.
    pub columns: usize,
}

/// Whose key a header holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// The entity; empty for the row's own.
    pub of: &'static str,
    /// Whether it is one wherever it stands.
    pub always: bool,
    /// Whether it is that of a third system.
    pub external: bool,
}

impl Vendors {
    /// What is known.
    pub(super) fn embedded() -> &'static Vendors {
        &EMBEDDED
    }

    /// Headers are compared as people read them.
    fn fold(&mut self) {
        let lists = [&mut self.own, &mut self.own_prefixes, &mut self.results, &mut self.old_ids];
        let names = [&mut self.names.first, &mut self.names.last];
        let keys = self.keys.iter_mut().flat_map(|keys| [&mut keys.headers, &mut keys.marked]);
        let exports = self
            .exports
            .iter_mut()
            .flat_map(|export| [&mut export.signs, &mut export.header, &mut export.old_ids, &mut export.external_ids]);
        for header in lists.into_iter().chain(names).chain(keys).chain(exports).flatten() {
            *header = fold(header);
        }
    }

    /// Whether a header says that it holds ids of this service.
    pub(super) fn is_own(&self, folded: &str) -> bool {
        self.own.iter().any(|own| own == folded) || self.without_prefix(folded).is_some()
    }

    /// What is left of a header without the name of this service in front.
    pub(super) fn without_prefix<'a>(&self, folded: &'a str) -> Option<&'a str> {
        self.own_prefixes.iter().find_map(|prefix| folded.strip_prefix(prefix.as_str()))
    }

    /// Whether a header is that of a column in which a loader says what became of a row.
    pub(super) fn is_result(&self, folded: &str) -> bool {
        self.results.iter().any(|result| result == folded)
    }

    /// Whose key a header holds, if it is known to hold one.
    pub(super) fn key(&'static self, folded: &str) -> Option<Key> {
        let among = |headers: &[String]| headers.iter().any(|header| header == folded);
        self.keys.iter().find_map(|keys| {
            let always = among(&keys.headers);
            (always || among(&keys.marked)).then_some(Key { of: &keys.of, always, external: keys.external })
        })
    }

    /// Whether a word means the ids that records have in another system.
    pub(super) fn is_old_id(&self, folded: &str) -> bool {
        self.old_ids.iter().any(|word| word == folded)
    }

    /// The column, by its place in a folded header, with the ids that the records of an export have in their system, and
    /// whether they are those of a third one.
    pub(super) fn own_key(&self, export: &str, header: &[String]) -> Option<(usize, bool)> {
        let export = self.exports.iter().find(|known| known.name == export)?;
        let place = |ids: &[String]| ids.iter().find_map(|id| header.iter().position(|title| title == id));
        let external = || place(&export.external_ids).map(|column| (column, true));
        place(&export.old_ids).map(|column| (column, false)).or_else(external)
    }

    /// The same of a file of which nothing is known but that another system wrote records of this entity to it.
    pub(super) fn likely_own_key(&self, entity: &str, header: &[String]) -> Option<usize> {
        let of = |of: &str| {
            let keys = self.keys.iter().filter(|keys| keys.of == of && !keys.external).collect::<Vec<_>>();
            let is_one =
                |title: &String| keys.iter().any(|keys| keys.headers.contains(title) || keys.marked.contains(title));
            header.iter().position(is_one)
        };
        of(entity).or_else(|| of(""))
    }

    /// Headers that hold keys of another system wherever they stand.
    pub(super) fn key_headers(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().flat_map(|keys| &keys.headers).map(String::as_str)
    }

    /// The export that these headers are most likely of: whose columns most of them are, among those with enough signs.
    pub(super) fn recognise(&self, header: &[&str]) -> Option<Recognised> {
        let titles: Vec<(&str, String)> = header.iter().map(|title| (*title, fold(title))).collect();
        let has = |sign: &String| titles.iter().any(|(_, folded)| folded == sign);
        let matched = |export: &Export| titles.iter().filter(|(title, folded)| export.has(title, folded)).count();
        // With fields that somebody chose few signs are left; but many columns are all of them its own.
        let is_part = |export: &Export| titles.len() >= MANY_COLUMNS && matched(export) == titles.len();
        let is_known = |export: &&Export| match export.signs.iter().filter(|sign| has(sign)).count() {
            0 => false,
            signs => signs >= export.least || is_part(export),
        };
        let known = self.exports.iter().filter(is_known);
        let (matched, export) =
            known.map(|export| (matched(export), export)).rev().max_by_key(|(matched, _)| *matched)?;
        Some(Recognised {
            name: export.name.clone(),
            zh: export.zh.clone(),
            en: export.en.clone(),
            entity: export.entity.clone(),
            source: export.source.clone(),
            matched,
            columns: titles.len(),
        })
    }
}

impl Recognised {
    /// What the file looks like, in lines, and the mapping that is shipped for it when that is to be proposed.
    pub fn lines(&self, proposes: bool) -> Vec<String> {
        let what = Language::current().pick(&self.zh, &self.en);
        let seen = t!("mapping.recognised", what = what, matched = self.matched, columns = self.columns);
        let proposed = proposes.then(|| t!("mapping.proposed", name = self.name).into_owned());
        std::iter::once(seen.into_owned()).chain(proposed).collect()
    }
}

impl Export {
    /// Whether it has a column with this header.
    fn has(&self, title: &str, folded: &str) -> bool {
        let title = title.to_lowercase();
        let is_custom =
            |part: &String| title.starts_with(&part.to_lowercase()) || title.ends_with(&part.to_lowercase());
        self.header.iter().any(|header| header == folded) || self.custom.iter().any(is_custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn every_sign_is_a_header_of_its_export() {
        for export in &Vendors::embedded().exports {
            for sign in &export.signs {
                assert!(export.header.contains(sign), "{}: {sign}", export.name);
            }
        }
    }

    #[test]
    fn no_header_of_ours_is_a_key_of_another_system() {
        let vendors = Vendors::embedded();
        for entity in Catalog::embedded().entities() {
            for field in &entity.fields {
                for name in [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases) {
                    let is_key = vendors.key(&fold(name)).is_some_and(|key| key.always);
                    // The rows of tags name records of this service by it.
                    assert!(!is_key || (entity.name == "tags" && name == "Record ID"), "{}: {name}", entity.name);
                }
            }
        }
    }
}
