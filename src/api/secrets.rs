//! What nobody may see: the login, and members of a record whose values are secret. A server may repeat what it was sent;
//! what is shown of its answer is shown without them.

use serde_json::Value;

use super::envelope::{as_text, parse};
use crate::entity::Custom;
use crate::text::mask;

/// Secrets that a text of the service may repeat.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// These secrets, and what becomes of one that a careless service writes into JSON as it is.
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> = secrets.into_iter().collect();
        let misread: Vec<String> = secrets.iter().filter_map(|secret| misread(secret)).collect();
        secrets.extend(misread);
        // One that begins another would leave that one's end to be seen.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        Secrets(secrets)
    }

    /// A text without them, in whatever form it repeats them.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| mask(&text, secret))
    }
}

/// What is read where a secret with backslashes stands in JSON as it is; none when it stays the same.
fn misread(secret: &str) -> Option<String> {
    let read = parse(format!("\"{secret}\"").as_bytes())?;
    read.as_str().filter(|read| *read != secret).map(str::to_owned)
}

/// The values that a record in `body` has for the members `names`, custom fields included.
pub(super) fn secret_members(body: &[u8], names: &[String], custom: &Custom) -> Vec<String> {
    let mut found = Vec::new();
    if !names.is_empty() {
        collect(&serde_json::from_slice(body).unwrap_or_default(), names, custom, &mut found);
    }
    found
}

fn collect(value: &Value, names: &[String], custom: &Custom, found: &mut Vec<String>) {
    let is_secret = |name: &str| names.iter().any(|secret| secret == name);
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names, custom, found)),
        Value::Object(members) => {
            // A custom field is a pair of its key and its value.
            let key = members.get(&custom.key).and_then(Value::as_str).filter(|key| is_secret(key));
            found.extend(key.and_then(|_| members.get(&custom.value)).map(|value| as_text(value).into_owned()));
            for (name, value) in members {
                match is_secret(name) {
                    true => found.push(as_text(value).into_owned()),
                    false => collect(value, names, custom, found),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn secret_members_are_hidden_wherever_they_stand() {
        let body = br#"{"user":{"password":"Geheim","custom_fields":[{"key":"f_1","value":"Geheimer"},{"key":"f_2","value":"plain"}]}}"#;
        let names = ["password".to_owned(), "f_1".to_owned()];
        let custom = &Catalog::embedded().service.custom;
        let hidden = |names| Secrets::new(secret_members(body, names, custom)).hide("Geheimer and plain");
        assert_eq!(hidden(&names), "••• and plain");
        assert_eq!(hidden(&names[..1]), "•••er and plain");
        assert_eq!(hidden(&names[1..]), "••• and plain");
    }

    #[test]
    fn a_secret_that_begins_another_leaves_nothing_of_it() {
        for secrets in [["Geheim", "Geheim-7391"], ["Geheim-7391", "Geheim"]] {
            assert_eq!(Secrets::new(secrets.map(str::to_owned)).hide("bad Geheim-7391"), "bad •••");
        }
    }

    #[test]
    fn a_secret_is_hidden_where_its_backslashes_were_taken_for_escapes() {
        for secret in [r"Geheim\n7391", r"Geheim\u0041cht", r"Geheim\d7391", r"Geheim\\7391"] {
            let secrets = Secrets::new([secret.to_owned()]);
            let answer = format!(r#"{{"errmsg":"bad {secret} there"}}"#);
            let read = parse(answer.as_bytes()).unwrap();
            assert_eq!(secrets.hide(read["errmsg"].as_str().unwrap()), "bad ••• there", "{secret}");
        }
    }
}
