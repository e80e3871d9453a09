//! Whether two spellings are one value.

use super::tags::tags;
use crate::entity::Kind;

/// Whether a value the service gives back is the one that was sent, as a person would say: order of tags and ids, spaces,
/// line ends, `.0` and a missing time of midnight aside.
pub fn is_same_value(kind: Kind, sent: &str, got: &str) -> bool {
    let list = |text: &str| {
        let mut items: Vec<String> = tags(text).map(str::to_owned).collect();
        items.sort();
        items
    };
    let sent = sent.trim().replace("\r\n", "\n");
    let got = got.trim().replace("\r\n", "\n");
    sent == got
        || match kind {
            Kind::Tags | Kind::Ids => list(&sent) == list(&got),
            Kind::Decimal | Kind::Integer => {
                matches!((sent.parse::<f64>(), got.parse::<f64>()), (Ok(sent), Ok(got)) if sent == got)
            }
            Kind::Date | Kind::DateTime => {
                let day = |text: &str| text.strip_suffix(" 00:00:00").unwrap_or(text).to_owned();
                day(&sent) == day(&got)
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_a_person_would() {
        assert!(is_same_value(Kind::Tags, "a,b", "b, a"));
        assert!(!is_same_value(Kind::Tags, "a,b", "a"));
        assert!(is_same_value(Kind::Decimal, "1.50", "1.5"));
        assert!(is_same_value(Kind::Date, "2026-01-05", "2026-01-05 00:00:00"));
        assert!(is_same_value(Kind::Text, "a\r\nb ", "a\nb"));
        assert!(!is_same_value(Kind::Mobile, "013000000000", "13000000000"));
    }
}
