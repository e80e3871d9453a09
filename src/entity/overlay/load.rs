//! The catalog with the user's changes.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::merge::{merge, merge_entity};
use super::source_text::SourceText;
use super::toml_value::{Value, location_of};
use crate::entity::catalog::Catalog;
use crate::entity::embedded::{FILES, SERVICE};
use crate::entity::validate::validate;
use crate::error::Result;
use crate::message;
use crate::toml_words;

impl Catalog {
    /// The embedded catalog with the changes of an overlay's text, which messages call `shown`.
    ///
    /// # Errors
    /// Text that is not TOML, an unknown key, a wrong type, a name that is no field, a name that would mean two things;
    /// each with its line and key.
    pub fn overlaid(text: &str, shown: &str) -> Result<Catalog> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (overlay, document) = SourceText::parse(text, shown)?;
        let mut catalog = Catalog::embedded().clone();
        for (key, value) in document {
            if key.get_ref() == "service" {
                catalog.service = merged(&overlay, SERVICE, value, |base, change| {
                    merge(base, change);
                    Ok(())
                })?;
                continue;
            }
            let name = key.get_ref().clone().into_owned();
            let embedded = FILES.iter().find(|(file, _)| *file == name);
            if let Some(span) = value.get_ref().as_table().and_then(|table| location_of(table, "name")) {
                return Err(overlay.wrong_at(span, message!("overlay.renamed")));
            }
            let base = embedded.map_or_else(|| format!("name = {name:?}\nfields = []"), |(_, text)| (*text).to_owned());
            let entity = merged(&overlay, &base, value, |base, change| merge_entity(&overlay, base, change))?;
            match catalog.entities.iter_mut().find(|known| known.name == name) {
                Some(known) => *known = entity,
                None => catalog.entities.push(entity),
            }
        }
        catalog.tie_references();
        match validate(&catalog) {
            Ok(()) => Ok(catalog),
            Err(error) => Err(overlay.wrong_for(error)),
        }
    }
}

/// The base text with a change merged in, read as a `T`. Locations in the base are moved behind the user's text, so that
/// an error's location tells whose mistake it is.
fn merged<T: DeserializeOwned>(
    overlay: &SourceText<'_>,
    base: &str,
    change: Value<'_>,
    merge: impl for<'i> FnOnce(&mut DeTable<'i>, DeTable<'i>) -> Result<()>,
) -> Result<T> {
    let padded = "\n".repeat(overlay.text.len() + 1) + base;
    // The base is part of the program, and a test parses every one of them.
    let mut base = DeTable::parse(&padded).map_err(|error| overlay.wrong_at(0..0, error.message()))?.into_inner();
    let span = change.span();
    let DeValue::Table(change) = change.into_inner() else {
        return Err(overlay.wrong_at(span, message!("overlay.not_a_table")));
    };
    merge(&mut base, change)?;
    T::deserialize(ValueDeserializer::from(Spanned::new(span.clone(), DeValue::Table(base)))).map_err(|error| {
        let of_user = error.span().filter(|found| found.start <= overlay.text.len());
        let said = error.message().trim_end();
        overlay.wrong_at(of_user.unwrap_or(span), toml_words::of_value(said).unwrap_or_else(|| said.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::confidence::Confidence;
    use crate::entity::kind::Kind;

    fn overlaid(text: &str) -> Catalog {
        Catalog::overlaid(text, "api.toml").unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(text: &str) -> String {
        Catalog::overlaid(text, "api.toml").unwrap_err().message()
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
        assert_eq!((create.confidence, create.source.as_str()), (Confidence::Confirmed, "api.toml"));
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
        assert_eq!(refused("\n[sms]\nzh = '短信'\n"), "api.toml, line 2: sms: the setting en is missing");
    }

    #[test]
    fn a_wrong_overlay_is_refused_by_line_and_key() {
        let wrong = [
            ("[customers]\ncolour = 'red'\n", "api.toml, line 2: customers.colour: there is no setting called colour"),
            ("[customers]\n\nzh = 5\n", "api.toml, line 3: customers.zh: this setting takes a value of another kind"),
            ("customers = 5\n", "api.toml, line 1: customers: must be a table"),
            ("[customers]\nname = 'people'\n", "api.toml, line 2: customers.name: the name is the one"),
            ("[service]\nbase_uri = ''\n", "api.toml, line 2: service.base_uri: there is no setting called base_uri"),
            (
                "[customers.endpoints.create]\nmethod = 'PATCH'\n",
                "api.toml, line 2: customers.endpoints.create.method: 'PATCH' is none of the words",
            ),
            (
                "[customers.endpoints.create]\nmark = 'sure'\n",
                "api.toml, line 2: customers.endpoints.create.mark: 'sure' is none of the words",
            ),
            (
                "[customers.endpoints.create]\npath = 'users.json'\n",
                "api.toml, line 2: customers.endpoints.create.path: the path 'users.json' must begin with /",
            ),
            (
                "[[customers.fields]]\nname = 'mobil'\nrequired = true\n",
                "api.toml, line 1: customers.fields.mobil: the setting zh is missing",
            ),
            (
                "[[customers.fields]]\nname = 'mobile'\nrequird = true\n",
                "api.toml, line 3: customers.fields.mobile.requird: there is no setting called requird",
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
