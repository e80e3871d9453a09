//! What is said to a person, as a code and details: it becomes words where it is shown, in the language of whoever reads
//! it. So it can be kept, in a journal say, and be read in another language later.

use std::borrow::Cow;
use std::{fmt, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::language::Language;
use crate::t;
use crate::text::clean;

/// A text of `locales/` with what it is filled in with, or words that were said by somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text of ours.
    Ours {
        /// Its key in `locales/`.
        code: Cow<'static, str>,
        /// What its placeholders stand for.
        details: Vec<(Cow<'static, str>, Detail)>,
    },
    /// Words of the service, of a file or of the system, as they came.
    Verbatim(String),
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Detail {
    /// A text that is the same in every language.
    Text(String),
    /// A label that exists in both languages.
    Label {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// A text of ours.
    Message(Message),
    /// Several of them.
    List(Vec<Detail>),
}

impl Message {
    /// The text of ours with this key; see [`message!`](crate::message!).
    pub fn new(code: &'static str, details: Vec<(&'static str, Detail)>) -> Self {
        let details = details.into_iter().map(|(name, detail)| (Cow::Borrowed(name), detail)).collect();
        Message::Ours { code: Cow::Borrowed(code), details }
    }

    /// The text of ours whose key is made up at run time.
    pub fn of_key(code: String, details: Vec<(&'static str, Detail)>) -> Self {
        let details = details.into_iter().map(|(name, detail)| (Cow::Borrowed(name), detail)).collect();
        Message::Ours { code: Cow::Owned(code), details }
    }

    /// Two messages at a time joined by the text `code`, which has the placeholders `first` and `second`.
    pub fn joined(code: &'static str, messages: impl IntoIterator<Item = Message>) -> Option<Message> {
        messages
            .into_iter()
            .reduce(|first, second| Message::new(code, vec![("first", first.into()), ("second", second.into())]))
    }

    /// The first of the rules that were joined to one message, with what can be done about it.
    pub fn first_rule(&self) -> Message {
        if self.code() != "import.and_rule" {
            return self.clone();
        }
        match (self.part("first"), self.part("second")) {
            (Some(first), Some(second)) if second.code().ends_with("_hint") => {
                Message::new("import.and_rule", vec![("first", first.first_rule().into()), ("second", second.into())])
            }
            (Some(first), _) => first.first_rule(),
            _ => self.clone(),
        }
    }

    /// What the system says, in words of ours where it says something common: its own are English on most machines.
    pub fn of_system(error: &io::Error) -> Message {
        if let Some(ours) = error.get_ref().and_then(|inner| inner.downcast_ref::<SystemWords>()) {
            return ours.0.clone();
        }
        if let Some(number) = error.get_ref().and_then(|library| number_of_system(&library.to_string())) {
            // A library has put the path behind it.
            return Message::of_system(&io::Error::from_raw_os_error(number));
        }
        let code = match error.kind() {
            // An error of ours says in its own words what it means.
            _ if error.raw_os_error().is_none() => None,
            io::ErrorKind::NotFound => Some("system.not_found"),
            io::ErrorKind::PermissionDenied => Some("system.no_permission"),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("system.disk_full"),
            io::ErrorKind::ReadOnlyFilesystem => Some("system.read_only"),
            io::ErrorKind::InvalidFilename if cfg!(windows) => Some("system.bad_name_on_windows"),
            io::ErrorKind::InvalidFilename => Some("system.bad_name"),
            io::ErrorKind::IsADirectory => Some("system.is_folder"),
            io::ErrorKind::NotADirectory => Some("system.is_file"),
            io::ErrorKind::AlreadyExists => Some("system.exists"),
            io::ErrorKind::AddrInUse => Some("system.address_in_use"),
            _ => None,
        };
        let words = || error.to_string();
        match (code, error.raw_os_error()) {
            (Some(code), _) => Message::new(code, Vec::new()),
            // Inside a Chinese sentence its number says more than its English.
            (None, Some(number)) if Language::current() == Language::Zh && words().is_ascii() => {
                crate::message!("system.other", number = number)
            }
            _ => Message::Verbatim(words()),
        }
    }

    /// What a database file cannot do, in words of ours where it is something common: those of the library are English.
    pub fn of_database(error: &rusqlite::Error) -> Message {
        use rusqlite::ErrorCode;
        let code = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "system.locked",
            Some(ErrorCode::DiskFull) => "system.disk_full",
            Some(ErrorCode::PermissionDenied) => "system.no_permission",
            Some(ErrorCode::CannotOpen) => "system.cannot_be_opened",
            Some(ErrorCode::SystemIoFailure) => "system.disk_fails",
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "system.damaged",
            _ => return Message::Verbatim(error.to_string()),
        };
        Message::new(code, Vec::new())
    }

    /// What can be done about what the system says; none where it says nothing common, or that itself.
    pub fn hint_of_system(error: &io::Error) -> Option<Message> {
        let code = match Message::of_system(error).code() {
            "system.not_found" => "system.not_found_hint",
            "system.no_permission" => "system.no_permission_hint",
            "system.disk_full" => "system.disk_full_hint",
            "system.read_only" => "system.read_only_hint",
            "system.is_folder" => "system.is_folder_hint",
            "system.is_file" | "system.part_is_file" | "system.exists" => "system.is_file_hint",
            _ => return None,
        };
        Some(Message::new(code, Vec::new()))
    }

    /// Its code; empty for the words of somebody else.
    pub fn code(&self) -> &str {
        match self {
            Message::Ours { code, .. } => code,
            Message::Verbatim(_) => "",
        }
    }

    /// The message as a journal keeps it.
    pub fn to_json(&self) -> String {
        // Strings and lists of them always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The message that a journal kept; what cannot be read is taken as it stands.
    pub fn of_json(text: &str) -> Message {
        serde_json::from_str(text).unwrap_or_else(|_| Message::Verbatim(text.to_owned()))
    }

    /// What it says without the parts that are different from row to row, such as a number or another row: the text `CODE_kind`,
    /// where there is one. Words of somebody else are an example of their kind.
    pub fn kind(&self) -> Message {
        let Message::Ours { code, details } = self else {
            return if self.is_empty() {
                self.clone()
            } else {
                crate::message!("report.such_as", message = self.clone())
            };
        };
        let details = details.iter().map(|(name, detail)| (name.clone(), detail.kind())).collect();
        let kind = format!("{code}_kind");
        let code = if code == "import.finding_value" {
            "import.finding_such_as".into()
        } else if t!(kind.as_str()) == kind.as_str() {
            code.clone()
        } else {
            kind.into()
        };
        Message::Ours { code, details }
    }

    /// The message with every part of it, itself included, that `change` makes another of.
    pub fn mapped(&self, change: &mut impl FnMut(&Message) -> Option<Message>) -> Message {
        if let Some(changed) = change(self) {
            return changed;
        }
        let Message::Ours { code, details } = self else { return self.clone() };
        let detail = |detail: &Detail, change: &mut _| match detail {
            Detail::Message(message) => message.mapped(change).into(),
            other => other.clone(),
        };
        let details = details.iter().map(|(name, had)| (name.clone(), detail(had, change))).collect();
        Message::Ours { code: code.clone(), details }
    }

    /// The message with every text that is not ours as `change` makes it, which is told its name; what is told of things, such
    /// as a path or a number, has other names.
    pub fn with_texts(&self, names: &[&str], change: &impl Fn(&str) -> String) -> Message {
        let Message::Ours { code, details } = self else { return Message::Verbatim(change(&self.to_string())) };
        let detail = |name: &str, detail: &Detail| match detail {
            Detail::Text(text) if names.contains(&name) => Detail::Text(change(text)),
            Detail::Message(message) => message.with_texts(names, change).into(),
            other => other.clone(),
        };
        let details = details.iter().map(|(name, had)| (name.clone(), detail(name, had))).collect();
        Message::Ours { code: code.clone(), details }
    }

    /// The message among its details with this name.
    pub fn part(&self, wanted: &str) -> Option<Message> {
        let Message::Ours { details, .. } = self else { return None };
        details.iter().find_map(|(name, detail)| match detail {
            Detail::Message(message) if name == wanted => Some(message.clone()),
            // What somebody else said is kept as a text.
            Detail::Text(text) if name == wanted => Some(Message::from(text.clone())),
            _ => None,
        })
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Message::Verbatim(text) if text.is_empty())
    }
}

/// What the system would say, in words of ours, as an error of the system.
#[derive(Debug)]
pub struct SystemWords(pub Message);

impl fmt::Display for SystemWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for SystemWords {}

impl Detail {
    fn kind(&self) -> Detail {
        match self {
            Detail::Message(message) => message.kind().into(),
            other => other.clone(),
        }
    }

    /// A label in both languages.
    pub fn label(zh: &str, en: &str) -> Detail {
        Detail::Label { zh: zh.to_owned(), en: en.to_owned() }
    }
}

impl Default for Message {
    fn default() -> Self {
        Message::Verbatim(String::new())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Verbatim(text) => f.write_str(text),
            Message::Ours { code, details } => {
                let names: Vec<&str> = details.iter().map(|(name, _)| &**name).collect();
                let texts: Vec<String> = details.iter().map(|(_, detail)| detail.to_string()).collect();
                let text = in_number(&t!(&**code), &names, &texts);
                f.write_str(&rust_i18n::replace_patterns(&text, &names, &texts))
            }
        }
    }
}

/// A text with each `%{name|one|many}` as the number of that name wants it.
fn in_number(text: &str, names: &[&str], texts: &[String]) -> String {
    let mut parts = text.split("%{");
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let forms = part.split_once('}').and_then(|(inside, rest)| {
            let mut forms = inside.split('|');
            Some((forms.next()?, forms.next()?, forms.next()?, rest))
        });
        match forms {
            Some((name, one, many, rest)) => {
                let is_one = names.iter().zip(texts).any(|(known, text)| *known == name && text == "1");
                said.extend([if is_one { one } else { many }, rest]);
            }
            None => said.extend(["%{", part]),
        }
    }
    said
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What is ours is a message: a text may come from anywhere, and begins no line of its own.
            Detail::Text(text) => f.write_str(&clean(text)),
            Detail::Label { zh, en } => f.write_str(&clean(Language::current().pick(zh, en))),
            Detail::Message(message) => message.fmt(f),
            Detail::List(details) => {
                let texts: Vec<String> = details.iter().map(Detail::to_string).collect();
                f.write_str(&texts.join(Language::current().pick("、", ", ")))
            }
        }
    }
}

/// A message as a journal keeps it: words of somebody else are a string.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept<'a> {
    Verbatim(Cow<'a, str>),
    Ours { code: Cow<'a, str>, details: Cow<'a, [(Cow<'static, str>, Detail)]> },
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Message::Verbatim(text) => Kept::Verbatim(Cow::Borrowed(text)),
            Message::Ours { code, details } => {
                Kept::Ours { code: Cow::Borrowed(code), details: Cow::Borrowed(details) }
            }
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Verbatim(text) => Message::Verbatim(text.into_owned()),
            Kept::Ours { code, details } => {
                Message::Ours { code: Cow::Owned(code.into_owned()), details: details.into_owned() }
            }
        })
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Message::Verbatim(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Message::Verbatim(text.to_owned())
    }
}

impl From<Cow<'_, str>> for Message {
    fn from(text: Cow<'_, str>) -> Self {
        Message::Verbatim(text.into_owned())
    }
}

impl From<Message> for Detail {
    fn from(message: Message) -> Self {
        match message {
            Message::Verbatim(text) => Detail::Text(text),
            ours => Detail::Message(ours),
        }
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Detail::Text(text.to_owned())
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Detail::Text(text)
    }
}

/// What keeps its meaning as a detail. [`message!`](crate::message!) prefers it to [`AsText`].
pub trait AsDetail {
    /// The detail.
    fn detail(&self) -> Detail;
}

impl AsDetail for Detail {
    fn detail(&self) -> Detail {
        self.clone()
    }
}

impl AsDetail for io::Error {
    fn detail(&self) -> Detail {
        Message::of_system(self).into()
    }
}

impl AsDetail for Message {
    fn detail(&self) -> Detail {
        self.clone().into()
    }
}

/// What is the same text in every language: everything else that can be shown. A reference to a message is put into words
/// at once; hand over a clone.
pub trait AsText {
    /// The detail.
    fn detail(&self) -> Detail;
}

impl<T: fmt::Display + ?Sized> AsText for &T {
    fn detail(&self) -> Detail {
        Detail::Text(self.to_string())
    }
}

/// A [`Message`] with its details: `message!("format.missing", file = path.display())`.
#[macro_export]
macro_rules! message {
    ($code:literal $(, $name:ident = $value:expr)* $(,)?) => {{
        #[allow(unused_imports, reason = "a message may have no details, or of one kind only")]
        use $crate::message::{AsDetail as _, AsText as _};
        $crate::message::Message::new($code, vec![$((stringify!($name), (&$value).detail())),*])
    }};
}

/// The number of an error of the system that stands in a library's words.
fn number_of_system(words: &str) -> Option<i32> {
    let (_, behind) = words.rsplit_once("(os error ")?;
    behind.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Message {
        let name = Detail::label("姓名", "Name");
        message!("mapping.missing_one_of", labels = Detail::List(vec![name, "ß".into()]))
    }

    #[test]
    fn it_becomes_words_in_the_language_of_the_reader() {
        assert!(said().to_string().ends_with("Name, ß"), "{}", said());
        assert_eq!(Message::from("as it came").to_string(), "as it came");
    }

    #[test]
    fn what_is_counted_is_said_in_its_number() {
        let said = |rows: u64| in_number("%{rows} %{rows|row has|rows have} a %{what}", &["rows"], &[rows.to_string()]);
        assert_eq!((said(1), said(0)), ("%{rows} row has a %{what}".into(), "%{rows} rows have a %{what}".into()));
        assert_eq!(message!("import.refused_rows", rows = 1).to_string(), "1 row has mistakes and will not be sent:");
        assert_eq!(
            message!("import.refused_rows", rows = 21).to_string(),
            "21 rows have mistakes and will not be sent:"
        );
    }

    #[test]
    fn what_the_system_says_is_known_behind_the_words_of_a_library() {
        let folder = tempfile::tempdir().unwrap();
        let error = tempfile::NamedTempFile::new_in(folder.path().join("none")).unwrap_err();
        assert_eq!(error.raw_os_error(), None, "{error}");
        assert_eq!(Message::of_system(&error).code(), "system.not_found", "{error}");
        assert_eq!(number_of_system("broken at (os error x)"), None);
    }

    #[test]
    fn it_is_kept_as_it_is() {
        let nested = message!("attempt.in_doubt", why = said());
        for message in [said(), nested, Message::from("{\"code\":1}"), Message::from("")] {
            let kept = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<Message>(&kept).unwrap(), message, "{kept}");
        }
        assert_eq!(serde_json::to_string(&Message::from("no")).unwrap(), "\"no\"");
    }
}
