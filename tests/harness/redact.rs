//! What is different each time, taken out of what a snapshot holds: the one place that knows how such things look.

use super::Work;

/// How it looks, and what stands there instead.
pub const EACH_TIME: &[(&str, &str)] = &[
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[id]"),
    (r"\b[0-9a-f]{32}\b", "[fingerprint]"),
    (r"127\.0\.0\.1([:_])\d+", "127.0.0.1$1[port]"),
    (r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?(\.\d+)?", "[time]"),
    (r"\d{4}-\d{2}-\d{2}-", "[date]-"),
    (r#""(started|ended)": ?\d+"#, r#""$1": "[time]""#),
    (r#""(seconds|rows_per_second)": ?[\d.e-]+"#, r#""$1": "[number]""#),
    (r"\d+\.\d (s|秒)\b", "[number] $1"),
    (r"\b\d+\.\d+\.\d+(-[a-z.\d]+)?\b", "[version]"),
];

/// A text without the folder of the test, and with paths as every system writes them.
pub fn without_folder(text: &str, work: &Work) -> String {
    let folder = work.path("").display().to_string();
    // In JSON a backslash is written twice.
    let text = if cfg!(windows) { text.replace(r"\\", r"\") } else { text.to_owned() };
    text.replace(folder.trim_end_matches(['/', '\\']), "[folder]").replace('\\', "/")
}
