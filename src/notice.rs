//! The word at the end of a command that nobody watches, to the place that `notify` in `bw8.toml` or `BW8_NOTIFY_URL` names:
//! how it ended, counts, why and what to do; never a row.

use rust_i18n::t;
use serde_json::{Value, json};

use crate::api;
use crate::error::{Error, ErrorKind, Exit};
use crate::message::Message;
use crate::settings;
use crate::terminal::{self, Printer};

/// The ends that are counted, in the order they are told.
const ENDS: [&str; 9] =
    ["created", "updated", "unchanged", "skipped", "refused", "held", "failed", "unknown", "pending"];

/// Tells how a command ended, or why it could not begin, where that is wanted. That it cannot be told is said, and changes
/// nothing.
pub fn tell(what: &str, exit: Exit, error: Option<&Error>, printer: &Printer) {
    let Some(address) = settings::notify_address() else { return };
    let document = terminal::last_document().unwrap_or_default();
    let (text, facts) = words(what, exit, error, &document);
    if let Err(why) = api::notify(&address, &text, facts) {
        printer.warn(&t!("notice.not_told", why = why));
    }
}

/// The text, and the facts for programs.
fn words(what: &str, exit: Exit, error: Option<&Error>, document: &Value) -> (String, Value) {
    let end = match exit {
        Exit::Done => t!("notice.done"),
        Exit::SomeFailed => t!("notice.some_failed"),
        Exit::SomeUnknown => t!("notice.some_unknown"),
        Exit::Stopped => t!("notice.stopped"),
        Exit::Interrupted => t!("notice.interrupted"),
        Exit::CannotRun | Exit::Usage | Exit::Denied => t!("notice.failed"),
    };
    let mut lines = vec![t!("notice.head", what = what, end = end, exit = exit as u8).into_owned()];
    let rows = &document["rows"];
    let counts = ENDS.iter().filter_map(|end| Some((end, rows[*end].as_u64().filter(|count| *count > 0)?)));
    let word = |end: &str| Message::of_key(format!("status.{end}"), Vec::new());
    let counts: Vec<String> = counts.map(|(end, count)| format!("{} {count}", word(end))).collect();
    lines.extend(Some(counts.join(" · ")).filter(|counts| !counts.is_empty()));
    lines.extend(document["records"].as_u64().map(|records| t!("notice.records", records = records).into_owned()));
    if let Some(error) = error {
        // What stops a run may quote a row; what keeps it from beginning does not.
        if matches!(error.kind(), ErrorKind::Usage | ErrorKind::CannotRun | ErrorKind::Denied) {
            lines.push(t!("notice.why", why = without_numbers(&error.message())).into_owned());
        }
        lines.extend(error.hint_text().map(|hint| t!("notice.hint", hint = hint).into_owned()));
    } else if let Some(hint) = document["error"]["hint"].as_str() {
        lines.push(t!("notice.hint", hint = hint).into_owned());
    }
    lines.extend(document["next"].as_str().map(|next| t!("notice.next", command = next).into_owned()));
    let facts = json!({
        "version": 1, "command": what, "exit": exit, "rows": rows, "records": document["records"],
        "code": error.map(|error| error.code().to_owned()),
    });
    (lines.join("\n"), facts)
}

/// A text without long numbers, which may be somebody's.
fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        shown.push_str(if digits.len() > 6 { "•••" } else { &digits });
        digits.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_counts_and_what_to_do_and_never_a_row() {
        let document = json!({"rows": {"created": 3, "failed": 1, "held": 0}, "next": "bw8 retry failed.csv",
            "errors": [{"message": "13000000000 exists"}]});
        let (text, facts) = words("import customers", Exit::SomeFailed, None, &document);
        assert!(
            text.contains("created 3 · failed (the service said no) 1") && text.contains("bw8 retry failed.csv"),
            "{text}"
        );
        assert!(!text.contains("13000000000") && !facts.to_string().contains("13000000000"), "{text} {facts}");
        let error = Error::usage("a.csv: no 13000000000 there").hint("write it");
        let (text, _) = words("import customers", Exit::Usage, Some(&error), &Value::Null);
        assert!(text.contains("a.csv: no ••• there") && text.contains("write it"), "{text}");
    }
}
