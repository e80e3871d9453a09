//! Which `Location` names a record of the collection that was written to: any other one, of another collection or a page of
//! errors, says nothing of the write. A service may call itself by another host than the one that it is spoken to by: there the
//! whole path has to be the collection's.

use url::Url;

/// Where the records of one collection are.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The collection, and the same as the service itself calls it, which is not always as it is spoken to.
    known: Vec<Url>,
}

impl Place {
    /// The place of the collection at one of these addresses.
    pub fn new(known: impl IntoIterator<Item = Url>) -> Place {
        Place { known: known.into_iter().collect() }
    }

    /// The id of the record of this collection that a `Location` names.
    pub(super) fn id_in(&self, location: &str) -> Option<String> {
        let spoken_to = self.known.first()?;
        let named = spoken_to.join(location.trim()).ok()?;
        let (record, above) = segments(&named).split_last().map(|(last, above)| (last.clone(), above.to_vec()))?;
        // A gateway adds to the path, or takes from it.
        let is_here = |own: &&Url| {
            let (collection, is_same_host) = (segments(own), own.host_str() == named.host_str());
            above.ends_with(&collection) || (is_same_host && !above.is_empty() && collection.ends_with(&above))
        };
        (is_id(&record) && self.known.iter().any(|own| is_here(&own))).then_some(record)
    }
}

/// The parts of a path, without the ending that tells the format.
fn segments(address: &Url) -> Vec<String> {
    let path = address.path().trim_matches('/');
    let path = path.strip_suffix(".json").unwrap_or(path);
    path.split('/').map(str::to_owned).collect()
}

/// Ids of the service are whole numbers above zero; 18 digits are the most that a signed 64-bit number surely holds.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 18 && text != "0" && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        let url = |text| Url::parse(text).unwrap();
        Place::new([url("http://127.0.0.1:8808/api/v1/users.json"), url("https://www.example.com/api/v1/users.json")])
    }

    #[test]
    fn a_record_of_the_collection_is_named_whole_on_any_host_and_in_part_on_our_own() {
        for location in [
            "http://127.0.0.1:8808/api/v1/users/7.json",
            "https://127.0.0.1/api/v1/users/7",
            "https://www.example.com/api/v1/users/7.json",
            "https://WWW.example.com/api/v1/users/7.json",
            "https://other.example/api/v1/users/7.json",
            "//127.0.0.1:8808/api/v1/users/7.json",
            "/api/v1/users/7.json",
            "/gateway/api/v1/users/7.json",
            "/users/7/",
            "users/7.json?x=1#top",
            " /api/v1/users/7.json ",
        ] {
            assert_eq!(place().id_in(location), Some("7".into()), "{location}");
        }
    }

    #[test]
    fn whatever_else_is_named_is_none_of_ours() {
        for location in [
            "",
            "/",
            "/7",
            "7.json",
            "/api/v1/users.json",
            "/api/v1/users/0.json",
            "/api/v1/users/abc.json",
            "/api/v1/users/7/tags.json",
            "/api/v1/companies/77.json",
            "/api/v2/users/7.json",
            "http://other.example/users/77.json",
            "http://other.example/api/v1/companies/77.json",
            "http://[::1/users/7",
            "/login?next=/users/77",
            "/login#/users/77",
            "/error/500",
        ] {
            assert_eq!(place().id_in(location), None, "{location}");
        }
        assert_eq!(Place::default().id_in("/api/v1/users/7.json"), None);
    }
}
