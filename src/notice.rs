//! The word at the end of a command that nobody watches, to the place that `notify` in `bw8.toml` or `BW8_NOTIFY_URL` names:
//! how it ended, counts, why and what to do; never a row.

use serde_json::{Value, json};

use crate::api;
use crate::error::{Error, ErrorKind, Exit};
use crate::message::Message;
use crate::settings;
use crate::t;
use crate::terminal;

/// The ends that are counted, in the order they are told.
const ENDS: [&str; 9] =
    ["created", "updated", "unchanged", "skipped", "refused", "held", "failed", "unknown", "pending"];

/// Tells how a command ended, or why it could not begin, where that is wanted. That it cannot be told is said, and changes
/// nothing.
pub fn tell(what: &str, exit: Exit) {
    let Some(address) = settings::notify_address() else { return };
    let document = terminal::last_document().unwrap_or_default();
    // What was said on the way, and did not keep the command from its end, is no cause.
    let cause = terminal::last_cause().filter(|_| exit != Exit::Done);
    let (text, facts) = words(what, exit, cause.as_ref(), &document);
    if let Err(why) = api::notify(&address, &text, facts) {
        terminal::warn(&t!("notice.not_told", why = why));
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
        Exit::Denied => t!("notice.denied"),
        Exit::CannotRun | Exit::Usage => t!("notice.failed"),
    };
    let mut lines = vec![t!("notice.head", what = what, end = end, exit = exit as u8).into_owned()];
    let rows = &document["rows"];
    let counts = ENDS.iter().filter_map(|end| Some((end, rows[*end].as_u64().filter(|count| *count > 0)?)));
    let word = |end: &str| Message::of_key(format!("status.{end}"), Vec::new());
    let counts: Vec<String> = counts.map(|(end, count)| format!("{} {count}", word(end))).collect();
    let is_check = document["findings"].is_array();
    lines.extend(rows["read"].as_u64().filter(|_| is_check).map(|rows| t!("notice.checked", rows = rows).into_owned()));
    lines.extend(Some(counts.join(" · ")).filter(|counts| !counts.is_empty()));
    lines.extend(document["records"].as_u64().map(|records| t!("notice.records", records = records).into_owned()));
    if let Some(error) = error {
        // What stops a run may quote a row; what keeps it from beginning does not.
        let why = match error.kind() {
            ErrorKind::Usage | ErrorKind::CannotRun => Some(error.message()),
            ErrorKind::Denied | ErrorKind::Stopped => Some(error.without_foreign_words()),
            ErrorKind::Interrupted => None,
        };
        lines.extend(why.map(|why| t!("notice.why", why = without_numbers(&why)).into_owned()));
        let hint = error.hint_text().filter(|hint| !hint.is_empty());
        lines.push(match hint {
            Some(hint) => t!("notice.hint", hint = hint).into_owned(),
            None => t!("notice.look").into_owned(),
        });
    }
    lines.extend(document["issues_file"].as_str().map(|file| t!("notice.issues", file = file).into_owned()));
    lines.extend(document["next"].as_str().map(|next| t!("notice.next", command = next).into_owned()));
    let says_what_to_do = error.is_some() || document["issues_file"].is_string() || document["next"].is_string();
    if exit != Exit::Done && !says_what_to_do {
        lines.push(t!("notice.look").into_owned());
    }
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
    use crate::message;

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
        // The service may quote a row.
        let same = message!("stop.same", count = 20, code = "7", message = "示例 13000000000 exists");
        let error = Error::stopped(same).hint("find the cause");
        let (text, _) = words("import customers", Exit::Stopped, Some(&error), &Value::Null);
        assert!(text.contains("20 rows in a row") && text.contains("find the cause"), "{text}");
        assert!(!text.contains("示例") && !text.contains("1300000"), "{text}");
        let error = Error::denied(message!("api.forbidden", why = "403 no 示例"));
        let (text, _) = words("import customers", Exit::Denied, Some(&error), &Value::Null);
        assert!(text.contains("403 …") && !text.contains("示例"), "{text}");
    }
}
