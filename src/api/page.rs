//! Bodies that are no data of the service, most of all pages for people, and the words in them that may be shown.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::envelope::{Rejection, parse};
use crate::message;
use crate::message::Message;
use crate::text::{clean, shorten};

/// Characters of the service's own words that are kept.
const MOST_WORDS: usize = 1000;

/// Bytes of a body by which it is seen whether it is a text, and those that are shown.
const MOST_BEGINNING: usize = 512;
const SHOWN_BYTES: usize = 4;

/// The no of a page for people, as a firewall, a proxy or a portal says it; none for any other body.
pub(super) fn page_rejection(status: u16, body: &[u8], hide: impl Fn(&str) -> String) -> Option<Rejection> {
    is_page(body).then(|| {
        let message = page_words(body, hide).to_string();
        Rejection { code: status.to_string(), message, is_page: true }
    })
}

/// That a page came instead of data, and what it says.
pub(super) fn page_words(body: &[u8], hide: impl Fn(&str) -> String) -> Message {
    match page_text(body, hide) {
        None => message!("api.not_json"),
        Some(words) => message!("api.with_words", why = message!("api.not_json"), words = words),
    }
}

/// That a body is no text at all, such as one that was packed although nobody asked for that; none for a text.
pub(super) fn no_text(body: &[u8]) -> Option<Message> {
    let head = &body[..body.len().min(MOST_BEGINNING)];
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != 0x1b;
    let begins: Vec<String> = head.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
    head.iter().any(is_control).then(|| message!("api.no_text", bytes = body.len(), begins = begins.join(" ")))
}

/// Whether a body is a page for people.
pub(super) fn is_page(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&body[..body.len().min(512)]).trim_start().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html") || head.contains("<body") || head.contains("<head")
}

/// The first words of a body that is not JSON, as they may be shown; none for an empty one. What is hidden is hidden in the
/// page while its tags are there and in its words before they are cut: half a secret would not be found.
pub(super) fn page_text(body: &[u8], hide: impl Fn(&str) -> String) -> Option<String> {
    let words = hide(&plain_words(&hide(&text_of(body))));
    (!words.is_empty()).then(|| shorten(&clean(&words), MOST_WORDS).into_owned())
}

/// A body that is no JSON as text: one that is no UTF-8 is in the encoding of the mainland, which not every firewall says.
pub(super) fn text_of(body: &[u8]) -> Cow<'_, str> {
    let in_gbk = || GB18030.decode_without_bom_handling_and_without_replacement(body);
    match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        // One that begins in UTF-8 is in that, and has a broken byte.
        Err(why) if body[..why.valid_up_to()].is_ascii() => in_gbk().unwrap_or_else(|| String::from_utf8_lossy(body)),
        Err(_) => String::from_utf8_lossy(body),
    }
}

/// The beginning of a body of JSON, in its own words and not as they are escaped.
pub(super) fn json_text(body: &[u8], hide: impl Fn(&str) -> String) -> Option<String> {
    let text = parse(body)?.to_string();
    let words = hide(&text);
    (!matches!(text.as_str(), "null" | "{}" | "[]" | "\"\"")).then(|| shorten(&clean(&words), MOST_WORDS).into_owned())
}

/// The words of a page, its tags left out.
pub(super) fn plain_words(page: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                plain.push(' ');
            }
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
