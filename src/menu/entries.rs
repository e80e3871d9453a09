//! The entries of the menu: what each asks for, and the command it stands for.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::answers::{number_of, path_of};
use super::program::{Login, Program, Run};
use crate::entity::Entity;
use crate::error::{Exit, Result};
use crate::language::Language;
use crate::settings::{ConnectionOptions, Settings, SettingsOptions, check_address};
use crate::t;
use crate::terminal::{Console, quoted, words_of};

/// Runs that can be chosen at a time.
const SHOWN_RUNS: usize = 9;

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Check,
    Rehearse,
    Import,
    Continue,
    Retry,
    Export,
}

/// In the order of their numbers, with the keys of their texts.
const ENTRIES: [(Entry, &str); 6] = [
    (Entry::Check, "menu.check"),
    (Entry::Rehearse, "menu.rehearse"),
    (Entry::Import, "menu.import"),
    (Entry::Continue, "menu.continue"),
    (Entry::Retry, "menu.retry"),
    (Entry::Export, "menu.export"),
];

/// A command to run, and where.
#[derive(Debug, PartialEq, Eq)]
struct Chosen {
    words: Vec<String>,
    folder: Option<PathBuf>,
}

impl Chosen {
    fn here(words: impl IntoIterator<Item = String>) -> Chosen {
        Chosen { words: words.into_iter().collect(), folder: None }
    }

    fn is_sandbox(&self) -> bool {
        self.words.iter().any(|word| word == "--sandbox")
    }

    /// As it is typed.
    fn text(&self) -> String {
        std::iter::once("bw8".into()).chain(self.words.iter().map(|word| quoted(word))).collect::<Vec<_>>().join(" ")
    }
}

/// The menu at its console.
struct Menu {
    console: Console,
    program: Program,
    settings: Settings,
    /// A file that was dragged onto the program's icon.
    given: Option<PathBuf>,
}

/// Shows the menu until nothing more is wanted.
///
/// # Errors
/// A configuration file that is wrong, a console that is gone.
pub fn run(console: Console, given: Option<PathBuf>) -> Result<Exit> {
    let settings = Settings::read(&SettingsOptions::default())?;
    let mut menu = Menu { console, program: Program::new()?, settings, given };
    while let Some(entry) = menu.choose()? {
        if let Some(chosen) = menu.command_of(entry)? {
            menu.run(&chosen)?;
        }
    }
    Ok(Exit::Done)
}

impl Menu {
    /// The entry that is chosen; none to leave.
    fn choose(&mut self) -> Result<Option<Entry>> {
        let folder = std::env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default();
        let mut lines = vec![t!("menu.title", version = env!("CARGO_PKG_VERSION"), folder = folder).into_owned()];
        lines.extend(ENTRIES.iter().enumerate().map(|(index, (_, key))| format!("  {}  {}", index + 1, t!(*key))));
        lines.push(format!("  0  {}", t!("menu.leave")));
        self.console.say(&format!("\n{}", lines.join("\n")));
        if let Some(file) = &self.given {
            self.console.say(&t!("menu.given", file = file.display()));
        }
        let chosen = self.choose_number(&t!("menu.number"), ENTRIES.len())?;
        Ok(chosen.filter(|number| *number > 0).map(|number| ENTRIES[number - 1].0))
    }

    /// A number up to `most`; none when the console is closed instead.
    fn choose_number(&mut self, question: &str, most: usize) -> Result<Option<usize>> {
        loop {
            let Some(answer) = self.console.ask_unless_closed(question)? else { return Ok(None) };
            if let Some(number) = number_of(&answer, most) {
                return Ok(Some(number));
            }
            self.console.say(&t!("menu.no_number", most = most));
        }
    }

    /// Asks for what an entry needs; none when the user goes back.
    fn command_of(&mut self, entry: Entry) -> Result<Option<Chosen>> {
        let words = match entry {
            Entry::Check => self.entity_and_file("check")?,
            Entry::Rehearse => self.entity_and_file("import")?.map(|words| with(words, "--sandbox")),
            Entry::Import if !self.has_login()? => None,
            Entry::Import => self.entity_and_file("import")?,
            Entry::Continue => return self.unfinished(),
            Entry::Retry => return self.retry(),
            Entry::Export if !self.has_login()? => None,
            Entry::Export => self.entity_and_output()?,
        };
        Ok(words.map(Chosen::here))
    }

    fn entity_and_file(&mut self, command: &str) -> Result<Option<Vec<String>>> {
        let Some(entity) = self.entity(&t!("menu.which_table"), Entity::is_importable)? else { return Ok(None) };
        let Some(file) = self.file(&t!("menu.which_file"))? else { return Ok(None) };
        Ok(Some(vec![command.to_owned(), entity, file.to_string_lossy().into_owned()]))
    }

    fn entity_and_output(&mut self) -> Result<Option<Vec<String>>> {
        let Some(entity) = self.entity(&t!("menu.which_export"), Entity::is_exportable)? else { return Ok(None) };
        let label = self.settings.catalog.get(&entity).map_or("", |entity| entity.label(Language::current()));
        let usual = format!("{label}.xlsx");
        let Some(answer) = self.console.ask_unless_closed(&t!("menu.which_output", file = usual))? else {
            return Ok(None);
        };
        let file = if answer.is_empty() { PathBuf::from(usual) } else { path_of(&answer, |_| false) };
        Ok(Some(vec!["export".to_owned(), entity, "-o".to_owned(), file.to_string_lossy().into_owned()]))
    }

    /// The name of an entity that is chosen by number.
    fn entity(&mut self, question: &str, is_offered: impl Fn(&Entity) -> bool) -> Result<Option<String>> {
        let offered = self.settings.catalog.entities().iter().filter(|entity| is_offered(entity));
        let (mut names, mut lines) = (Vec::new(), Vec::new());
        for entity in offered {
            names.push(entity.name.clone());
            lines.push(format!("  {}  {}", names.len(), entity.label(Language::current())));
        }
        lines.push(format!("  0  {}", t!("menu.back")));
        self.console.say(&format!("\n{question}\n{}", lines.join("\n")));
        let chosen = self.choose_number(&t!("menu.number"), names.len())?;
        Ok(chosen.filter(|number| *number > 0).map(|number| names[number - 1].clone()))
    }

    /// A file that is there; none when the user goes back.
    fn file(&mut self, question: &str) -> Result<Option<PathBuf>> {
        if let Some(file) = self.given.take() {
            return Ok(Some(file));
        }
        loop {
            let answer = self.console.ask_unless_closed(question)?.unwrap_or_default();
            if answer.is_empty() {
                return Ok(None);
            }
            let file = path_of(&answer, Path::exists);
            if file.exists() {
                return Ok(Some(file));
            }
            self.console.say(&t!("menu.no_file", file = file.display()));
        }
    }

    /// Whether there is a login: a configured one, or one that is typed now.
    fn has_login(&mut self) -> Result<bool> {
        if self.program.login.is_some() || self.settings.target(&ConnectionOptions::default()).is_ok() {
            return Ok(true);
        }
        self.console.say(&t!("menu.login"));
        let base_url = self.base_url()?;
        let user = self.console.ask_unless_closed(&t!("menu.user"))?.unwrap_or_default();
        if user.is_empty() {
            return Ok(false);
        }
        let password = self.console.ask_unseen(&t!("menu.password"))?.unwrap_or_default();
        self.program.login = Some(Login { base_url, user, password: SecretString::from(password), is_proved: false });
        Ok(true)
    }

    /// The address of the service; none for the usual one.
    fn base_url(&mut self) -> Result<Option<String>> {
        let question = t!("menu.base_url", url = self.settings.catalog.service.base_url);
        loop {
            let typed = self.console.ask_unless_closed(&question)?.filter(|url| !url.is_empty());
            match typed.as_deref().map(check_address) {
                Some(Err(error)) => {
                    let lines = [Some(error.to_string()), error.hint_text()].into_iter().flatten();
                    self.console.say(&lines.collect::<Vec<_>>().join("\n"));
                }
                _ => return Ok(typed),
            }
        }
    }

    /// What was mistyped is asked for again: a login that the service rejects, and an address at which nothing answered yet.
    fn learn_of_login(&mut self, chosen: &Chosen, ended: Option<Exit>) {
        let is_talk = chosen.words.first().is_some_and(|word| word != "check");
        let Some(login) = self.program.login.as_mut().filter(|_| is_talk && !chosen.is_sandbox()) else { return };
        let key = match ended {
            Some(Exit::Denied) => "menu.login_rejected",
            Some(Exit::CannotRun) if !login.is_proved => "menu.login_unproved",
            Some(Exit::CannotRun | Exit::Usage | Exit::Interrupted) | None => return,
            Some(_) => {
                login.is_proved = true;
                return;
            }
        };
        self.program.login = None;
        self.console.say(&format!("\n{}", t!(key)));
    }

    /// The command that goes on with a run that did not come to its end.
    fn unfinished(&mut self) -> Result<Option<Chosen>> {
        let is_unfinished = |run: &Run| run.folder_is_there && run.finished == Some(false);
        let mut runs = self.program.runs();
        runs.retain(is_unfinished);
        runs.truncate(SHOWN_RUNS);
        if runs.is_empty() {
            self.console.say(&t!("menu.none_unfinished"));
            return Ok(None);
        }
        let line = |(index, run): (usize, &Run)| format!("  {}  {}", index + 1, self.line_of(run));
        let lines: Vec<String> = runs.iter().enumerate().map(line).collect();
        self.console.say(&format!("\n{}\n{}\n  0  {}", t!("menu.which_run"), lines.join("\n"), t!("menu.back")));
        let chosen = self.choose_number(&t!("menu.number"), runs.len())?;
        let Some(run) = chosen.filter(|number| *number > 0).map(|number| &runs[number - 1]) else { return Ok(None) };
        if !run.is_sandbox() && !self.has_login()? {
            return Ok(None);
        }
        let words = self.program.next(run).and_then(|command| words_of(&command));
        let Some(words) = words.filter(|words| words.first().is_some_and(|word| word == "bw8")) else {
            self.console.say(&t!("menu.no_next", folder = run.folder.display()));
            return Ok(None);
        };
        let folder = run.working_folder().map(Path::to_owned);
        Ok(Some(Chosen { words: words.into_iter().skip(1).collect(), folder }))
    }

    /// When it began, of what, where to, and its folder's name.
    fn line_of(&self, run: &Run) -> String {
        let entity = self.settings.catalog.get(&run.entity);
        let label = entity.map_or(run.entity.as_str(), |entity| entity.label(Language::current()));
        let started = jiff::Timestamp::from_millisecond(run.started).map_or_else(
            |_| String::new(),
            |at| at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
        );
        let host = if run.is_sandbox() { t!("menu.sandbox").into_owned() } else { run.host.clone() };
        let folder = run.folder.file_name().unwrap_or_default().to_string_lossy();
        format!("{started}  {label}  {host}  {folder}")
    }

    /// The file of failed rows after it was fixed. It lies in its run's folder, or was carried elsewhere.
    fn retry(&mut self) -> Result<Option<Chosen>> {
        let Some(file) = self.file(&t!("menu.which_failed"))? else { return Ok(None) };
        let file = std::path::absolute(&file).unwrap_or(file);
        let run = self.program.runs().into_iter().find(|run| file.starts_with(&run.folder));
        let is_sandbox = match &run {
            Some(run) => run.is_sandbox(),
            None => self.console.agrees(&t!("menu.was_rehearsal"))?,
        };
        if !is_sandbox && !self.has_login()? {
            return Ok(None);
        }
        let words = ["retry".to_owned(), file.to_string_lossy().into_owned()];
        let words = words.into_iter().chain(is_sandbox.then(|| "--sandbox".to_owned())).collect();
        let folder = run.and_then(|run| run.working_folder().map(Path::to_owned));
        Ok(Some(Chosen { words, folder }))
    }

    /// Shows a command, runs it and waits until its end was read.
    fn run(&mut self, chosen: &Chosen) -> Result<()> {
        self.console.say(&format!("\n{}\n", t!("menu.command", command = chosen.text())));
        let ended = self.program.run(&chosen.words, chosen.folder.as_deref())?;
        self.learn_of_login(chosen, ended);
        self.console.ask(&format!("\n{}", t!("menu.go_on")))?;
        Ok(())
    }
}

fn with(mut words: Vec<String>, word: &str) -> Vec<String> {
    words.push(word.to_owned());
    words
}
