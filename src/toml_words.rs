//! What is wrong with a file of settings, in the user's words. The parser's own are English and name things that no user
//! knows.

use toml::de;

use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::text::is_invisible;

/// The line of an error and what is wrong there. It quotes nothing of the line but punctuation and names of settings: a
/// secret may stand there.
pub fn explain(text: &str, error: &de::Error) -> (usize, Message) {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
    let content = text.lines().nth(line).unwrap_or_default();
    (line + 1, why(content, error.message()))
}

fn why(line: &str, said: &str) -> Message {
    if let Some(wrong) = outside_quotes(line)
        .find(|c| matches!(c, '“' | '”' | '‘' | '’' | '＝' | '：' | '，' | '［' | '］' | '【' | '】' | '＂' | '＇'))
    {
        return message!("toml.full_width", wrong = wrong);
    }
    if outside_quotes(line).any(|c| c != ' ' && c != '\t' && (c.is_whitespace() || is_invisible(c))) {
        return message!("toml.odd_space");
    }
    if let Some(known) = of_value(said) {
        return known;
    }
    let said = said.trim();
    let value = line.split_once('=').map(|(_, value)| value.trim()).unwrap_or_default();
    let is_path = |quote: char| value.starts_with(quote) && value.contains('\\');
    if is_path('"') {
        return message!("toml.backslash");
    }
    if ['"', '\''].iter().any(|quote| line.matches(*quote).count() % 2 == 1) {
        return message!("toml.open_quote");
    }
    if value.starts_with(char::is_alphabetic) && value.contains('\\') {
        return message!("toml.no_quotes_backslash");
    }
    if value.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '\\' | '.' | '~')) {
        return message!("toml.no_quotes");
    }
    match Language::current() {
        // The parser's words may help who reads English; inside a Chinese sentence they do not.
        Language::En if !said.contains('\n') => message!("toml.syntax_said", said = said),
        _ => message!("toml.syntax"),
    }
}

/// Whether words about a line repeat nothing of its value, which may be a secret.
pub fn quotes_nothing(why: &Message) -> bool {
    const THESE: [&str; 6] = [
        "toml.full_width",
        "toml.odd_space",
        "toml.backslash",
        "toml.open_quote",
        "toml.no_quotes",
        "toml.no_quotes_backslash",
    ];
    THESE.contains(&why.code())
}

/// Settings that stand in the section of an account.
const ACCOUNT_KEYS: [&str; 11] = [
    "base_url",
    "user",
    "password",
    "client_id",
    "client_secret",
    "ca_cert",
    "concurrency",
    "rate",
    "timeout",
    "wait",
    "mode",
];

/// What is wrong with a setting whose line is written well, by what the parser says of it.
pub fn of_value(said: &str) -> Option<Message> {
    let said = said.trim();
    let named = |before: &str| said.split_once(before).and_then(|(_, rest)| rest.split('`').next());
    let known = || {
        let known = said.split_once("expected").map_or("", |(_, known)| known);
        known.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ")
    };
    if let Some(key) = named("unknown field `") {
        // Most look for it at the top, where others keep it.
        return Some(match ACCOUNT_KEYS.contains(&key) && known().split(", ").any(|known| known == "account") {
            true => message!("toml.key_of_account", key = key),
            false => message!("toml.unknown_key", key = key, known = known()),
        });
    }
    if let Some(word) = named("unknown variant `") {
        return Some(message!("toml.unknown_word", word = word, known = known()));
    }
    if let Some(key) = named("missing field `") {
        return Some(message!("toml.missing_key", key = key));
    }
    if said.starts_with("duplicate key") {
        return Some(message!("toml.twice"));
    }
    if said.contains("invalid type") || said.contains("invalid value") {
        return Some(message!("toml.wrong_kind"));
    }
    // Words of ours, about a value that was read.
    (!said.is_ascii()).then(|| Message::from(said))
}

/// The characters of a line that stand outside of plain quotation marks and comments.
fn outside_quotes(line: &str) -> impl Iterator<Item = char> {
    let mut quote = None;
    line.chars().take_while(|c| *c != '#').filter(move |c| match quote {
        Some(open) => {
            if *c == open {
                quote = None;
            }
            false
        }
        None => {
            if matches!(c, '"' | '\'') {
                quote = Some(*c);
            }
            true
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn explained(text: &str) -> String {
        let error = toml::from_str::<BTreeMap<String, String>>(text).unwrap_err();
        let (line, why) = explain(text, &error);
        format!("{line} {}", why.code())
    }

    #[test]
    fn each_kind_of_mistake_is_named_with_its_line() {
        for (text, expected) in [
            ("a = \"1\"\nb = “2”\n", "2 toml.full_width"),
            ("a ＝ \"1\"", "1 toml.full_width"),
            ("a = \"1\"\na = \"2\"", "2 toml.twice"),
            ("a = 1", "1 toml.wrong_kind"),
            ("a = \"1\"\nb = \"C:\\Users\\x\"", "2 toml.backslash"),
            ("a\u{a0}= \"1\"", "1 toml.odd_space"),
            ("a =\u{3000}\"1\"", "1 toml.odd_space"),
            ("a = \"1\"\nb = \"1\nc = \"1\"", "2 toml.open_quote"),
            ("a = 1\"", "1 toml.open_quote"),
            ("a = example", "1 toml.no_quotes"),
            ("a = /etc/ca.pem", "1 toml.no_quotes"),
            ("a = C:\\certs\\ca.pem", "1 toml.no_quotes_backslash"),
            ("a = \"“in quotes”\" x", "1 toml.syntax_said"),
        ] {
            assert_eq!(explained(text), expected, "{text}");
        }
    }
}
