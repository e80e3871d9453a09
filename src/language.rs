//! Which language a person reads: chosen once, from `--lang` or the locale.

/// The two languages everything a user reads exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The language of a locale name such as `zh_CN.UTF-8`; anything that is not Chinese is English.
    pub fn of_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Language::Zh } else { Language::En }
    }

    /// The language of a word: `zh`, `en`, the name of a locale or of the language; none for anything else.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        match word.split(['_', '-', '.', '@']).next().unwrap_or_default() {
            "zh" | "zho" | "chi" | "cn" | "chinese" | "中文" | "汉语" | "简体中文" => Some(Language::Zh),
            "en" | "eng" | "english" | "英文" | "英语" => Some(Language::En),
            _ => None,
        }
    }

    /// The language of this machine's locale; none where it names none, as in a scheduler's jobs.
    pub fn of_machine() -> Option<Self> {
        let locale = sys_locale::get_locale()?;
        let is_named = !matches!(locale.split(['.', '_', '-']).next(), Some("C" | "POSIX" | "") | None);
        is_named.then(|| Language::of_locale(&locale))
    }

    /// Makes this the language of every message from now on.
    pub fn set(self) {
        rust_i18n::set_locale(match self {
            Language::Zh => "zh",
            Language::En => "en",
        });
    }

    /// The language in force.
    pub fn current() -> Self {
        Language::of_locale(&rust_i18n::locale())
    }

    /// The one of two texts that is in this language.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}
