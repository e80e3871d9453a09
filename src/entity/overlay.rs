//! A user's `api.toml` laid over the embedded catalog, key by key: what it names changes, everything else stays. It is
//! how a wrong assumption, a private deployment, custom fields or a whole new kind of record become a text edit.
//!
//! Both texts are merged as parsed TOML that still knows its places, and the result is read as strictly as the embedded
//! files are; so a mistake is told by file, line and key. Lists are replaced as a whole, but for `fields`, which are
//! merged by name, and `custom_fields`, which are added.

use std::ops::Range;
use std::path::Path;

use rust_i18n::t;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue, ValueDeserializer};

use super::validate::{CatalogError, flaw};
use super::{Catalog, FILES, SERVICE};
use crate::error::{Error, Result};
use crate::message;

/// What a fact of the overlay names as its source, where the user names none.
const SOURCE: &str = "api.toml";

/// The keys of a custom field, beside which nothing is known there.
const CUSTOM_KEYS: &[&str] = &[
    "key",
    "label",
    "label_en",
    "kind",
    "choices",
    "required",
    "aliases",
    "max",
    "text_only",
    "secret",
    "example",
    "mark",
    "source",
];

type Key<'i> = Spanned<DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Catalog {
    /// The embedded catalog with the changes of the file at `overlay`, if one is given.
    ///
    /// # Errors
    /// A file that cannot be read, and everything of [`Catalog::overlaid`].
    pub fn load(overlay: Option<&Path>) -> Result<Catalog> {
        let Some(path) = overlay else { return Ok(Catalog::embedded().clone()) };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::usage(message!("format.unreadable", file = shown, why = error)))?;
        Catalog::overlaid(&text, &shown)
    }

    /// The embedded catalog with the changes of an overlay's text, which messages call `shown`.
    ///
    /// # Errors
    /// Text that is not TOML, an unknown key, a wrong type, a name that is no field, a word that would mean two things;
    /// each with its line and key.
    pub fn overlaid(text: &str, shown: &str) -> Result<Catalog> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            wrong(shown, line_of(text, start), "", error.message())
        })?;
        let overlay = Overlay { shown, text, places: places(document.get_ref()) };
        let mut catalog = Catalog::embedded().clone();
        for (key, value) in document.into_inner() {
            if key.get_ref() == "service" {
                catalog.service = overlay.merged(SERVICE, value, merge)?;
                continue;
            }
            let name = key.get_ref().clone().into_owned();
            let embedded = FILES.iter().find(|(file, _)| *file == name);
            if let Some(span) = value.get_ref().as_table().and_then(|table| named(table, "name")) {
                return Err(overlay.wrong_at(span, &t!("overlay.renamed")));
            }
            let base = embedded.map_or_else(|| format!("name = {name:?}\nfields = []"), |(_, text)| (*text).to_owned());
            let entity = overlay.merged(&base, value, |base, change| overlay.merge_entity(base, change))?;
            match catalog.entities.iter_mut().find(|known| known.name == name) {
                Some(known) => *known = entity,
                None => catalog.entities.push(entity),
            }
        }
        match flaw(&catalog) {
            Some(flaw) => Err(overlay.wrong_for(&flaw)),
            None => Ok(catalog),
        }
    }
}

/// The user's text, and where each of its keys stands.
struct Overlay<'a> {
    shown: &'a str,
    text: &'a str,
    places: Vec<Place>,
}

/// One key of the user's text.
struct Place {
    /// `customers.endpoints.create.path`
    path: String,
    span: Range<usize>,
}

impl Overlay<'_> {
    /// The base text with a change merged in, read as a `T`. Places in the base are moved behind the user's text, so
    /// that an error's place tells whose mistake it is.
    fn merged<T: DeserializeOwned>(
        &self,
        base: &str,
        change: Value<'_>,
        merge: impl for<'i> FnOnce(&mut DeTable<'i>, DeTable<'i>) -> Result<()>,
    ) -> Result<T> {
        let padded = "\n".repeat(self.text.len() + 1) + base;
        // The base is part of the program, and a test parses every one of them.
        let mut base = DeTable::parse(&padded).map_err(|error| self.wrong_at(0..0, error.message()))?.into_inner();
        let span = change.span();
        let DeValue::Table(change) = change.into_inner() else {
            return Err(self.wrong_at(span, &t!("overlay.not_a_table")));
        };
        merge(&mut base, change)?;
        T::deserialize(ValueDeserializer::from(Spanned::new(span.clone(), DeValue::Table(base)))).map_err(|error| {
            let at = error.span().filter(|at| at.start <= self.text.len()).unwrap_or(span);
            self.wrong_at(at, error.message())
        })
    }

    fn merge_entity<'i>(&self, base: &mut DeTable<'i>, change: DeTable<'i>) -> Result<()> {
        for (key, value) in change {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("custom_fields", DeValue::Array(_)) => {
                    for item in items(value) {
                        fields_of(base).push(self.custom_field(item)?);
                    }
                }
                ("fields", DeValue::Array(_)) => {
                    for item in items(value) {
                        merge_field(fields_of(base), item)?;
                    }
                }
                ("endpoints", DeValue::Table(_)) => {
                    let empty = Spanned::new(value.span(), DeValue::Table(DeTable::new()));
                    let endpoints = base.entry(key).or_insert(empty);
                    if let (DeValue::Table(endpoints), DeValue::Table(changes)) =
                        (endpoints.get_mut(), value.into_inner())
                    {
                        for (name, endpoint) in changes {
                            merge_fact(endpoints, name, endpoint)?;
                        }
                    }
                }
                ("rules", DeValue::Array(_)) => {
                    let span = value.span();
                    let mut rules = DeArray::new();
                    items(value).for_each(|rule| rules.push(with_source(rule, Some("confirmed"))));
                    base.insert(key, Spanned::new(span, DeValue::Array(rules)));
                }
                ("conflict", _) => merge_fact(base, key, value)?,
                _ => merge_key(base, key, value)?,
            }
        }
        Ok(())
    }

    /// A custom field's own short form, as a field of the catalog.
    fn custom_field<'i>(&self, item: Value<'i>) -> Result<Value<'i>> {
        let span = item.span();
        let DeValue::Table(mut table) = item.into_inner() else {
            return Err(self.wrong_at(span, &t!("overlay.not_a_table")));
        };
        if let Some(key) = table.keys().find(|key| !CUSTOM_KEYS.contains(&key.get_ref().as_ref())) {
            let known = CUSTOM_KEYS.join(", ");
            return Err(self.wrong_at(key.span(), &t!("overlay.unknown_key", known = known)));
        }
        for key in ["key", "label"] {
            if named(&table, key).is_none() {
                return Err(self.wrong_at(span, &t!("overlay.missing_key", key = key)));
            }
        }
        let label = table.remove("label");
        let label_en = table.remove("label_en").or_else(|| label.clone());
        for (name, value) in [("name", table.remove("key")), ("zh", label), ("en", label_en)] {
            table.extend(value.map(|value| (at(&span, name), value)));
        }
        if let Some(choices) = table.remove("choices") {
            table.insert(at(&span, "choices"), words_as_choices(choices));
        }
        table.insert(at(&span, "custom"), Spanned::new(span.clone(), DeValue::Boolean(true)));
        table.entry(at(&span, "kind")).or_insert(text_at(&span, "text"));
        Ok(with_source(Spanned::new(span, DeValue::Table(table)), None))
    }

    /// An error about the key at a place of the user's text.
    fn wrong_at(&self, span: Range<usize>, what: &str) -> Error {
        let holds = |place: &&Place| place.span.start <= span.start && span.start < place.span.end;
        let place = self.places.iter().filter(holds).max_by_key(|place| place.span.start);
        wrong(self.shown, line_of(self.text, span.start), place.map_or("", |place| &place.path), what)
    }

    /// An error about a flaw of the merged catalog: at the key that names the flawed thing, or the nearest above it.
    fn wrong_for(&self, flaw: &CatalogError) -> Error {
        let nearest = flaw.paths.iter().filter_map(|path| {
            let mut path = path.as_str();
            loop {
                if let Some(place) = self.places.iter().find(|place| place.path == path) {
                    return Some(place);
                }
                path = path.rsplit_once('.')?.0;
            }
        });
        match nearest.max_by_key(|place| place.path.matches('.').count()) {
            Some(place) => wrong(self.shown, line_of(self.text, place.span.start), &place.path, &flaw.what),
            None => wrong(self.shown, 1, "", &flaw.what),
        }
    }
}

fn wrong(shown: &str, line: usize, path: &str, what: &str) -> Error {
    let key = if path.is_empty() { String::new() } else { format!("{path}: ") };
    Error::usage(message!("overlay.place", file = shown, line = line, key = key, what = what.trim_end()))
        .hint(message!("overlay.place_hint"))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Every key of a document with its place; items of a list go by their name.
fn places(document: &DeTable<'_>) -> Vec<Place> {
    fn walk(table: &DeTable<'_>, path: &str, places: &mut Vec<Place>) {
        for (key, value) in table {
            let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
            // A table's span is that of its head, and begins before the key in it.
            let (key_span, value_span) = (key.span(), value.span());
            let span = key_span.start.min(value_span.start)..key_span.end.max(value_span.end);
            places.push(Place { path: path.clone(), span });
            match value.get_ref() {
                DeValue::Table(table) => walk(table, &path, places),
                DeValue::Array(items) => {
                    for (number, item) in items.iter().enumerate() {
                        let Some(table) = item.get_ref().as_table() else { continue };
                        let name = ["key", "name"].iter().find_map(|key| table.get(*key)?.get_ref().as_str());
                        let path = format!("{path}.{}", name.map_or((number + 1).to_string(), str::to_owned));
                        places.push(Place { path: path.clone(), span: item.span() });
                        walk(table, &path, places);
                    }
                }
                _ => {}
            }
        }
    }
    let mut all = Vec::new();
    walk(document, "", &mut all);
    all
}

/// Changes the keys that `change` names, tables within tables too.
fn merge<'i>(base: &mut DeTable<'i>, change: DeTable<'i>) -> Result<()> {
    for (key, value) in change {
        merge_key(base, key, value)?;
    }
    Ok(())
}

fn merge_key<'i>(base: &mut DeTable<'i>, key: Key<'i>, value: Value<'i>) -> Result<()> {
    if value.get_ref().is_table()
        && let Some(DeValue::Table(known)) = base.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut)
        && let DeValue::Table(change) = value.clone().into_inner()
    {
        return merge(known, change);
    }
    base.insert(key, value);
    Ok(())
}

/// Like [`merge_key`] for something that carries a mark and a source: what the user says is the user's fact.
fn merge_fact<'i>(base: &mut DeTable<'i>, key: Key<'i>, value: Value<'i>) -> Result<()> {
    let mark = (!base.contains_key(key.get_ref().as_ref())).then_some("confirmed");
    merge_key(base, key, with_source(value, mark))
}

fn merge_field<'i>(fields: &mut DeArray<'i>, item: Value<'i>) -> Result<()> {
    let name = |value: &Value<'i>| Some(value.get_ref().as_table()?.get("name")?.get_ref().as_str()?.to_owned());
    let wanted = name(&item);
    let known = fields.iter().position(|field| wanted.is_some() && name(field) == wanted);
    let item = with_source(item, None);
    match (known, item.get_ref()) {
        (Some(place), DeValue::Table(change)) => match fields.as_mut()[place].get_mut() {
            DeValue::Table(known) => merge(known, change.clone()),
            _ => Ok(()),
        },
        _ => {
            fields.push(item);
            Ok(())
        }
    }
}

/// The fields of an entity in the making.
fn fields_of<'a, 'i>(entity: &'a mut DeTable<'i>) -> &'a mut DeArray<'i> {
    let empty = Spanned::new(0..0, DeValue::Array(DeArray::new()));
    let fields = entity.entry(at(&(0..0), "fields")).or_insert(empty);
    if !fields.get_ref().is_array() {
        *fields.get_mut() = DeValue::Array(DeArray::new());
    }
    match fields.get_mut() {
        DeValue::Array(fields) => fields,
        _ => unreachable!("it was just made a list"),
    }
}

fn items(list: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let items = match list.into_inner() {
        DeValue::Array(items) => items.to_vec(),
        _ => Vec::new(),
    };
    items.into_iter()
}

/// Names the overlay as the source, and sets a mark, where the user says neither.
fn with_source<'i>(mut value: Value<'i>, mark: Option<&str>) -> Value<'i> {
    let span = value.span();
    if let DeValue::Table(table) = value.get_mut() {
        table.entry(at(&span, "source")).or_insert(text_at(&span, SOURCE));
        if let Some(mark) = mark {
            table.entry(at(&span, "mark")).or_insert(text_at(&span, mark));
        }
    }
    value
}

/// A choice that is only a word is stored as that word.
fn words_as_choices<'i>(mut choices: Value<'i>) -> Value<'i> {
    if let DeValue::Array(array) = choices.get_mut() {
        for choice in array.iter_mut() {
            let span = choice.span();
            let Some(word) = choice.get_ref().as_str().map(str::to_owned) else { continue };
            let table = ["value", "zh", "en"].into_iter().map(|key| (at(&span, key), text_at(&span, &word))).collect();
            *choice.get_mut() = DeValue::Table(table);
        }
    }
    choices
}

fn at<'i>(span: &Range<usize>, key: &'static str) -> Key<'i> {
    Spanned::new(span.clone(), key.into())
}

fn text_at<'i>(span: &Range<usize>, text: &str) -> Value<'i> {
    Spanned::new(span.clone(), DeValue::String(text.to_owned().into()))
}

fn named(table: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    table.get_key_value(key).map(|(key, _)| key.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Confidence, Kind};

    fn overlaid(text: &str) -> Catalog {
        Catalog::overlaid(text, "api.toml").unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(text: &str) -> String {
        Catalog::overlaid(text, "api.toml").unwrap_err().message().to_owned()
    }

    #[test]
    fn only_the_named_keys_change() {
        let catalog = overlaid(
            "[service]\nbase_url = 'https://help.example.com/api/v1'\n[service.token]\npath = '/token.php'\n\
             [customers]\nzh = '客户联系人'\nkeys = [['email']]\n\
             [customers.endpoints.create]\npath = '/customers.json'\nmark = 'confirmed'\n\
             [[customers.fields]]\nname = 'mobile'\nrequired = true\n",
        );
        let embedded = Catalog::embedded();
        assert_eq!(catalog.service.base_url, "https://help.example.com/api/v1");
        assert_eq!(catalog.service.token.path, "/token.php");
        assert_eq!(catalog.service.token.lifetime, embedded.service.token.lifetime);
        let customers = catalog.get("customers").unwrap();
        let before = embedded.get("customers").unwrap();
        assert_eq!((customers.zh.as_str(), &customers.en), ("客户联系人", &before.en));
        assert_eq!(customers.keys, [["email"]]);
        let create = customers.endpoint("create").unwrap();
        assert_eq!((create.path.as_str(), create.wrap.as_deref()), ("/customers.json", Some("user")));
        assert_eq!((create.mark, create.source.as_str()), (Confidence::Confirmed, "api.toml"));
        assert_eq!(customers.fields.len(), before.fields.len());
        let mobile = customers.field("mobile").unwrap();
        assert!(mobile.required && mobile.kind == Kind::Mobile && mobile.aliases.len() > 3);
        assert_ne!(customers.fingerprint(), before.fingerprint());
        assert_eq!(catalog.get("tickets").unwrap().fingerprint(), embedded.get("tickets").unwrap().fingerprint());
    }

    #[test]
    fn a_custom_field_has_a_short_form() {
        let catalog = overlaid(
            "[[customers.custom_fields]]\nkey = 'field_1'\nlabel = '客户等级'\nlabel_en = 'Level'\nkind = 'choice'\n\
             choices = ['A', { value = '2', zh = '乙', en = 'B' }]\n\
             [[customers.custom_fields]]\nkey = 'field_2'\nlabel = '渠道'\n",
        );
        let customers = catalog.get("customers").unwrap();
        let level = customers.field("field_1").unwrap();
        assert!(level.custom && level.choice("A").unwrap().value == "A" && level.choice("乙").unwrap().value == "2");
        assert_eq!((level.zh.as_str(), level.en.as_str()), ("客户等级", "Level"));
        let channel = customers.field("field_2").unwrap();
        assert!(channel.custom && channel.kind == Kind::Text && channel.en == "渠道");
    }

    #[test]
    fn a_whole_new_entity_is_given_completely() {
        let text = "[sms]\nzh = '短信'\nen = 'Text messages'\n[sms.endpoints.create]\nmethod = 'POST'\npath = '/sms.json'\n\
                    [[sms.fields]]\nname = 'content'\nzh = '短信内容'\nen = 'Content'\nkind = 'text'\nrequired = true\n";
        let catalog = overlaid(text);
        let sms = catalog.find("短信").unwrap();
        assert!(sms.is_importable() && sms.endpoint("create").unwrap().path == "/sms.json");
        assert_eq!(refused("\n[sms]\nzh = '短信'\n"), "api.toml, line 2: sms: missing field `en`");
    }

    #[test]
    fn a_wrong_overlay_is_refused_by_line_and_key() {
        let wrong = [
            ("[customers]\ncolour = 'red'\n", "api.toml, line 2: customers.colour: unknown field `colour`"),
            ("[customers]\n\nzh = 5\n", "api.toml, line 3: customers.zh: invalid type: integer `5`, expected a string"),
            ("customers = 5\n", "api.toml, line 1: customers: must be a table"),
            ("[customers]\nname = 'people'\n", "api.toml, line 2: customers.name: the name is the one"),
            ("[service]\nbase_uri = ''\n", "api.toml, line 2: service.base_uri: unknown field `base_uri`"),
            (
                "[customers.endpoints.create]\nmethod = 'PATCH'\n",
                "api.toml, line 2: customers.endpoints.create.method: unknown variant `PATCH`",
            ),
            (
                "[customers.endpoints.create]\nmark = 'sure'\n",
                "api.toml, line 2: customers.endpoints.create.mark: unknown variant `sure`",
            ),
            (
                "[customers.endpoints.create]\npath = 'users.json'\n",
                "api.toml, line 2: customers.endpoints.create.path: the path 'users.json' must begin with /",
            ),
            (
                "[[customers.fields]]\nname = 'mobil'\nrequired = true\n",
                "api.toml, line 1: customers.fields.mobil: missing field `zh`",
            ),
            (
                "[[customers.fields]]\nname = 'mobile'\nrequird = true\n",
                "api.toml, line 3: customers.fields.mobile.requird: unknown field `requird`",
            ),
            (
                "[customers]\nkeys = [['handy']]\n",
                "api.toml, line 2: customers.keys: 'handy' is not a field of customers",
            ),
            (
                "[[customers.custom_fields]]\nkey = 'field_1'\nlabel = '手机号'\n",
                "api.toml, line 3: customers.custom_fields.field_1.label: '手机号' would mean both mobile and field_1",
            ),
            (
                "[[customers.fields]]\nname = 'note'\naliases = ['手机']\n",
                "api.toml, line 3: customers.fields.note.aliases: '手机' would mean both mobile and note",
            ),
            (
                "[[customers.custom_fields]]\nkey = 'field_1'\nlabel = '等级'\nname = 'x'\n",
                "api.toml, line 4: customers.custom_fields.field_1.name: unknown key of a custom field",
            ),
            (
                "[[customers.custom_fields]]\nkey = 'field_1'\n",
                "api.toml, line 1: customers.custom_fields.field_1: a custom field needs the key 'label'",
            ),
            (
                "[[customers.custom_fields]]\nkey = 'field_1'\nlabel = '等级'\nkind = 'choice'\n",
                "api.toml, line 1: customers.custom_fields.field_1: a field of kind choice needs choices",
            ),
            (
                "[[customers.fields]]\nname = 'companyId'\nreference = 'firms'\n",
                "api.toml, line 3: customers.fields.companyId.reference: there is no entity called 'firms'",
            ),
            (
                "[[customers.custom_fields]]\nkey = 'mobile'\nlabel = '号码'\n",
                "api.toml, line 2: customers.custom_fields.mobile.key: 'mobile' would mean both mobile and mobile",
            ),
            ("[companies]\naliases = ['工单']\n", "api.toml, line 2: companies.aliases: '工单' would mean both"),
            ("[customers\n", "api.toml, line 1: "),
            ("[customers]\nzh = 'a'\nzh = 'b'\n", "api.toml, line 3: "),
        ];
        for (text, expected) in wrong {
            let message = refused(text);
            assert!(message.starts_with(expected), "{text}\n  said:     {message}\n  expected: {expected}");
        }
    }
}
