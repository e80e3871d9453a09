//! Who agreed to that? Before rows are sent to anything but the sandbox a person sees what is meant and is asked at the
//! console; `--yes` agrees to sending what was shown, and to nothing else. A question that nobody is there to answer sends
//! nothing and names the option that answers it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::accounts::Accounts;
use super::agreed::Agreed;
use super::first_look::FirstLook;
use super::introduction::Introduction;
use super::left_out::{Makes, what_stays_behind};
use super::operation::{WriteOperation, given_column};
use super::options::ImportOptions;
use super::preflight::{Preflight, Rows};
use super::row_counts::Plan;
use super::spool::RowState;
use crate::account::Account;
use crate::api::Target;
use crate::check::consent::{Consent, is_kept};
use crate::check::findings::RowFinding;
use crate::entity::WriteMode;
use crate::error::{Error, Result};
use crate::journal::{Counts, JournalReader, RunIndex};
use crate::language::Language;
use crate::message;
use crate::message::{Detail, Message};
use crate::problem::Severity;
use crate::t;
use crate::terminal::{Console, Printer, Yes, is_yes, quoted_path, typed_number};

/// Rows above which a person types their number.
const NUMBER_ABOVE: u64 = 1000;
/// Writes that somebody may be notified of, as they are kept.
const NEW_TICKET: &str = "new_ticket";
const REPLY: &str = "reply";
const TICKET_STATUS: &str = "ticket_status";
/// Examples that a question about a kind of warning shows.
const EXAMPLES: u32 = 3;
/// Rows of an input that is small enough to be looked over: what becomes of them is said before the question.
const A_FEW_ROWS: u64 = 3;
/// Times a number is asked for.
const NUMBER_ATTEMPTS: usize = 3;

/// The run that is asked about.
pub(super) struct About<'a> {
    /// How many of the rows have an end that stands; none for a new run.
    pub ended: Option<u64>,
    /// How many rows a limit lets through; none without one.
    pub below_limit: Option<u64>,
    /// How many rows are not sent because of what other runs did.
    pub remembered: u64,
    /// What the account has of the rows, where they are looked up there.
    pub plan: Option<Plan>,
    /// What is made before the rows, in words.
    pub first: Vec<String>,
    /// How the rows of the run ended that have an end.
    pub before: Counts,
    /// Its folder.
    pub folder: &'a Path,
    /// The runs of the account.
    pub index: &'a RunIndex,
}

/// Sees to it that somebody agrees.
pub(super) struct Agreement<'a> {
    options: &'a ImportOptions<'a>,
    about: About<'a>,
    printer: &'a Printer,
    console: Option<Console>,
    notifications: Notifications,
    /// Rows that were held back before anybody was asked.
    held: u64,
    /// What the service calls the account, once that was asked.
    name: Option<String>,
}

/// What a person answered about notifications, for these kinds of writes.
enum Notifications {
    /// They are switched off.
    AreOff(Vec<&'static str>),
    /// One record goes first, and then the person looks.
    OneFirst(Vec<&'static str>),
}

/// Whether rows may be sent.
pub(super) enum Answer {
    /// They may not.
    No,
    /// They may; where somebody is to look at the first one, the others wait for it.
    Yes(Option<FirstLook>),
}

impl<'a> Agreement<'a> {
    /// About sending what a run has left.
    pub(super) fn new(options: &'a ImportOptions<'a>, about: About<'a>, printer: &'a Printer) -> Agreement<'a> {
        Agreement {
            options,
            about,
            printer,
            console: Console::open(),
            notifications: Notifications::AreOff(Vec::new()),
            held: 0,
            name: None,
        }
    }

    /// Whether the rows may be sent. Rows of a kind that a person agrees to are sent with them.
    ///
    /// # Errors
    /// A question that nobody is there to answer, another number of rows than was agreed to.
    pub(super) fn ask(mut self, preflight: &mut Preflight, rows: &mut Rows, agreed: &mut Agreed) -> Result<Answer> {
        self.held = preflight.findings.held;
        if !self.is_no_surprise(preflight)? {
            self.printer.say(&t!("run.not_agreed"));
            return Ok(Answer::No);
        }
        let is_agreed = match &self.options.account {
            Account::Sandbox { .. } => self.is_as_agreed(self.left(preflight)).map(|()| true)?,
            Account::Service(target) => self.ask_about(target, preflight, rows, agreed)?,
        };
        if !is_agreed {
            self.printer.say(&t!("run.not_agreed"));
            return Ok(Answer::No);
        }
        if let Some(name) = &self.name {
            agreed.keep_name(name)?;
        }
        self.keep_consents(preflight, agreed)?;
        match self.notifications {
            Notifications::AreOff(kinds) if !kinds.is_empty() => agreed.keep_notifications_off(&kinds)?,
            Notifications::AreOff(_) => {}
            Notifications::OneFirst(kinds) => {
                let agreed = Agreed::of(&self.options.account)?;
                return Ok(Answer::Yes(self.console.map(|console| FirstLook { console, agreed, kinds })));
            }
        }
        Ok(Answer::Yes(None))
    }

    fn ask_about(
        &mut self,
        target: &Target,
        preflight: &mut Preflight,
        rows: &mut Rows,
        agreed: &Agreed,
    ) -> Result<bool> {
        let yes = self.options.answers.yes;
        let has_held = yes.is_none() && self.console.is_some() && preflight.findings.held > 0;
        if self.left(preflight) == 0 && !has_held {
            return self.is_as_agreed(0).map(|()| true);
        }
        self.announce(target, preflight);
        let mut unanswered = Vec::new();
        if !self.account_is_meant(target, &mut unanswered)? {
            return Ok(false);
        }
        if has_held {
            self.ask_about_held(preflight, rows)?;
        }
        let left = self.left(preflight);
        self.is_as_agreed(left)?;
        if yes.is_none() && left > 0 && self.console.is_none() {
            unanswered.push(message!("agreement.unasked_sending", rows = left));
        }
        if left > 0 && !self.nobody_is_notified(preflight, agreed, &mut unanswered)? {
            return Ok(false);
        }
        if let Some(unanswered) = Message::joined("agreement.and", unanswered) {
            return Err(Error::usage(message!("agreement.unasked")).hint(unanswered));
        }
        match &mut self.console {
            Some(console) if yes.is_none() && left > 0 => agrees_to_send(console, self.options, left),
            _ => Ok(true),
        }
    }

    /// How many rows there are to send at most.
    fn left(&self, preflight: &Preflight) -> u64 {
        // Of rows that a person sets free only now, what the account has is not counted, nor whether they are the first ones.
        let released = self.held.saturating_sub(preflight.findings.held);
        let all = match self.about.plan {
            Some(plan) => plan.sent() + released,
            None => sendable(self.options, preflight, self.about.ended.unwrap_or(0) + self.about.remembered),
        };
        let limit = self.options.limit.unwrap_or(u64::MAX);
        all.min(self.about.below_limit.map_or(limit, |rows| (rows + released).min(limit)))
    }

    /// Holds the rows against the numbers of `--yes=N` and `--expect N`.
    fn is_as_agreed(&self, rows: u64) -> Result<()> {
        let answers = &self.options.answers;
        if let Some(expected) = answers.expected.filter(|expected| *expected != rows && !self.is_of_plan(*expected)) {
            return Err(Error::usage(message!("agreement.expected", expected = expected, rows = rows))
                .hint(message!("agreement.expected_hint", rows = rows)));
        }
        match answers.yes {
            Some(Yes::AtMost(most)) if rows > most => {
                Err(Error::usage(message!("agreement.too_many", most = most, rows = rows))
                    .hint(message!("agreement.too_many_hint", rows = rows)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a number is that of all rows that the run sends, or that of its new records, those of earlier commands included.
    fn is_of_plan(&self, number: u64) -> bool {
        let Counts { created, updated, .. } = self.about.before;
        let of = |plan: Plan| [plan.new, plan.new + created, plan.sent() + created + updated].contains(&number);
        self.about.plan.is_some_and(of)
    }

    /// Most rows of a file that is to change records making new ones is a surprise, and mostly a wrong account or a wrong key:
    /// whether a person, or the command line, names how many they are.
    fn is_no_surprise(&mut self, preflight: &Preflight) -> Result<bool> {
        let rows = preflight.rows.saturating_sub(preflight.findings.skipped);
        let is_begun = self.about.before.created + self.about.before.updated > 0;
        let new = self.about.plan.map_or(0, |plan| plan.new);
        let is_surprise = self.options.preflight.mode == WriteMode::Upsert && rows > A_FEW_ROWS && new * 2 > rows;
        if !is_surprise || is_begun || self.options.answers.expected.is_some_and(|expected| self.is_of_plan(expected)) {
            return Ok(true);
        }
        let surprise = message!("agreement.surprise", new = new, rows = rows);
        let Some(console) = self.console.as_mut().filter(|_| self.options.answers.expected.is_none()) else {
            return Err(Error::usage(surprise).hint(message!("agreement.surprise_hint", new = new)));
        };
        let answer = console.ask(&t!("agreement.ask_surprise", surprise = surprise, new = new))?;
        Ok(typed_number(&answer) == Some(new))
    }

    /// Shows what is going to be sent, and where: to a person who is asked, all that this person may know it by.
    fn announce(&mut self, target: &Target, preflight: &Preflight) {
        let left = self.left(preflight);
        let is_asked = self.options.answers.yes.is_none() && self.console.is_some();
        let mut lines = vec![about((self.options, preflight), target, left)];
        lines.extend(self.about.first.iter().cloned());
        lines.extend(self.about.plan.map(|plan| plan.words(self.options, preflight).to_string()));
        let is_looked_up = self.about.plan.is_some();
        let is_new = is_looked_up || self.about.ended.unwrap_or(0) + self.about.remembered == 0;
        let mut changes = None;
        if is_asked {
            let is_change =
                |first: &&WriteOperation| matches!(first, WriteOperation::Change { .. } | WriteOperation::Tags(_));
            let change = preflight.first_operation.as_ref().filter(is_change).filter(|_| is_new);
            let introduction = Introduction::read(self.options, target, (preflight, change));
            lines.push(introduction.text());
            self.name = introduction.name().map(str::to_owned);
            changes = introduction.changes();
        }
        // Of a run that goes on, the first row was sent long ago.
        if is_new && !preflight.first.is_empty() {
            let colon = Language::current().pick("：", ": ");
            let fields = preflight.first.iter().map(|(label, value)| format!("  {label}{colon}{value}"));
            lines.push(match changes {
                Some(changes) => t!("agreement.first_change").into_owned() + "\n" + &changes.join("\n"),
                None => t!("run.first").into_owned() + "\n" + &fields.collect::<Vec<_>>().join("\n"),
            });
        }
        lines.extend(left_out(self.options, preflight, self.about.plan, target.credentials.name()));
        let reads = self.about.plan.map_or(left, |plan| plan.changes.min(left));
        if reads > 0 && reads_each(self.options) {
            lines.push(message!("agreement.reads_each", rows = reads).to_string());
        }
        lines.extend(how_long(self.options, target.rate, left));
        self.tell(is_asked, &lines.join("\n"));
    }

    /// Shows a text to the person who is asked, and writes it down where the words of the command go.
    fn tell(&mut self, is_asked: bool, text: &str) {
        match self.console.as_mut().filter(|_| is_asked) {
            Some(console) => {
                console.say(text);
                if !std::io::stderr().is_terminal() {
                    self.printer.say(text);
                }
            }
            None => self.printer.say(text),
        }
    }

    /// Asks, when the last run of the folder went to another account, or may have, whether this one is meant. That another
    /// login is one of the same account is proved where it can be, and not asked. What is answered says nothing of rows that
    /// turn up in both later.
    fn account_is_meant(&mut self, target: &Target, unanswered: &mut Vec<Message>) -> Result<bool> {
        if self.about.ended.unwrap_or(0) > 0 || self.options.answers.is_account_meant {
            return Ok(true);
        }
        let now = target.identity();
        let Some((last, folder)) = last_account(self.about.folder).filter(|(last, _)| *last != now) else {
            return Ok(true);
        };
        let index = self.about.index;
        let is_known = index.is_same_account(&now, &last)?;
        if Accounts::of(self.options).is_same(index, &last)? {
            if is_known.is_none() {
                self.printer.say(&message!("memory.same_account", target = last).to_string());
            }
            return Ok(true);
        }
        let folder = quoted_path(&folder);
        match (&mut self.console, is_known) {
            (Some(console), Some(_)) => console.agrees(&t!("agreement.ask_account", last = last, now = now)),
            (Some(console), None) => {
                console.agrees(&t!("agreement.ask_login", last = last, now = now, folder = folder))
            }
            (None, Some(_)) => {
                unanswered.push(message!("agreement.unasked_account", last = last, now = now));
                Ok(true)
            }
            (None, None) => {
                unanswered.push(message!("agreement.unasked_login", last = last, now = now, folder = folder));
                Ok(true)
            }
        }
    }

    /// Asks, before the first write of a kind that somebody may be notified of, whether notifications are switched off.
    fn nobody_is_notified(
        &mut self,
        preflight: &Preflight,
        agreed: &Agreed,
        unanswered: &mut Vec<Message>,
    ) -> Result<bool> {
        let entity = self.options.entity();
        if entity.name != "tickets" {
            if entity.name == "customers" && self.makes_new() {
                self.printer.say(&t!("agreement.customers_are_notified"));
            }
            return Ok(true);
        }
        let mut kinds = Vec::new();
        if self.makes_new() {
            kinds.push(NEW_TICKET);
        }
        let is_filled = |name: &String| preflight.coverage.fields.contains(name);
        // What no record has is added to it: a reply.
        if entity.fields.iter().any(|field| field.write_only && is_filled(&field.name)) {
            kinds.push(REPLY);
        }
        if preflight.mapping.position("ticketStatus").is_some() {
            kinds.push(TICKET_STATUS);
        }
        kinds.retain(|kind| match agreed.notifications_off(kind) {
            Some(date) => {
                let kinds = words_of_kinds(&[kind]);
                self.printer.say(&message!("agreement.notifications_were_off", kinds = kinds, date = date).to_string());
                false
            }
            None => true,
        });
        let is_said = self.options.answers.notifications_off || kinds.is_empty();
        let words = words_of_kinds(&kinds);
        let answer = match &mut self.console {
            _ if is_said => "y".to_owned(),
            Some(console) => console.ask(&message!("agreement.ask_notifications", kinds = words).to_string())?,
            None => {
                unanswered.push(message!("agreement.unasked_notifications", kinds = words));
                return Ok(true);
            }
        };
        self.notifications = match answer.as_str() {
            "1" | "１" => Notifications::OneFirst(kinds),
            answer if is_yes(answer) => Notifications::AreOff(kinds),
            _ => return Ok(false),
        };
        Ok(true)
    }

    /// Whether a row may make a new record.
    fn makes_new(&self) -> bool {
        let makes_records = self.options.preflight.mode != WriteMode::Update;
        makes_records && self.about.plan.is_none_or(|plan| plan.new > 0)
    }

    /// Asks about each kind of warning whether its rows are to be sent, too.
    fn ask_about_held(&mut self, preflight: &mut Preflight, rows: &mut Rows) -> Result<()> {
        let Some(console) = &mut self.console else { return Ok(()) };
        let mut kinds: Vec<(String, u64)> = Vec::new();
        for kind in preflight.findings.kinds()?.into_iter().filter(|kind| kind.example.severity == Severity::Held) {
            match kinds.iter_mut().find(|(code, _)| *code == kind.example.code) {
                Some((_, count)) => *count += kind.count,
                None => kinds.push((kind.example.code, kind.count)),
            }
        }
        let mut is_more = false;
        for (code, count) in kinds {
            let examples = preflight.findings.first_held(&code, EXAMPLES)?;
            let shown = |example: &RowFinding| {
                let rule = match example.column {
                    Some(column) => {
                        let header = preflight.mapping.header(column as usize);
                        t!("import.in_column", header = header, rule = example.rule).into_owned()
                    }
                    None => example.rule.to_string(),
                };
                t!("agreement.held_example", row = example.number, rule = rule).into_owned()
            };
            let mut lines = vec![t!("agreement.held_kind", code = code, count = count).into_owned()];
            lines.extend(examples.iter().map(shown));
            lines.push(t!("agreement.ask_held").into_owned());
            if console.agrees(&lines.join("\n"))? {
                preflight.consent.add(&code);
                preflight.consented.insert(code);
                is_more = true;
            }
        }
        if is_more {
            preflight.findings.held -= released(rows, &preflight.consent)?.min(preflight.findings.held);
        }
        Ok(())
    }

    /// Consent holds for the next file of the same mapping, too.
    fn keep_consents(&self, preflight: &Preflight, agreed: &mut Agreed) -> Result<()> {
        let codes = preflight.consented.iter().map(String::as_str).filter(|code| is_kept(code));
        agreed.keep_consents(&self.options.entity().name, &preflight.mapping.fingerprint(), codes)
    }
}

/// Kinds of writes that somebody may be notified of, as people call them.
fn words_of_kinds(kinds: &[&str]) -> Detail {
    let word = |kind: &&str| match *kind {
        NEW_TICKET => message!("agreement.kind_new_ticket"),
        REPLY => message!("agreement.kind_reply"),
        _ => message!("agreement.kind_status"),
    };
    Detail::List(kinds.iter().map(word).map(Detail::Message).collect())
}

/// How many rows there are to send at most, `ended` of them having an end already.
pub(super) fn sendable(options: &ImportOptions<'_>, preflight: &Preflight, ended: u64) -> u64 {
    let unsound = preflight.findings.not_sent() + preflight.findings.skipped + preflight.waiting;
    preflight.rows.saturating_sub(unsound).saturating_sub(ended).min(options.limit.unwrap_or(u64::MAX))
}

/// Who writes what where, and how many of it.
fn about((options, preflight): (&ImportOptions<'_>, &Preflight), target: &Target, rows: u64) -> String {
    let key = match options.preflight.mode {
        // Rows that say what only records that are there have are looked for first.
        WriteMode::Create if given_column(options.entity(), &preflight.sheet).is_some() => "agreement.about_given",
        _ if options.changes_records() => "agreement.about_change",
        WriteMode::Upsert => "agreement.about_both",
        WriteMode::Create | WriteMode::SkipExisting | WriteMode::Update => "agreement.about_new",
    };
    let (account, records) = (target.credentials.name(), options.entity().counted(rows, Language::current()));
    t!(key, account = account, host = target.base, records = records).into_owned()
}

/// Whether each record is read right before it is written.
fn reads_each(options: &ImportOptions<'_>) -> bool {
    options.entity().edits.is_some() || options.entity().may_change
}

/// What of the file does not come over, in words.
pub(super) fn left_out(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    plan: Option<Plan>,
    account: &str,
) -> Vec<String> {
    // What is held may be consented to, and be new.
    let may_be_new = |plan: Plan| plan.new + plan.held + preflight.findings.held > 0;
    let makes = match plan.filter(|_| options.preflight.mode == WriteMode::Upsert) {
        _ if !options.makes_records() => Makes::None,
        Some(plan) if !may_be_new(plan) => Makes::None,
        Some(plan) if plan.changes > 0 || plan.new == 0 => Makes::Some,
        _ => Makes::All,
    };
    what_stays_behind(&preflight.left_out, options.entity(), makes, account)
}

/// How long sending so many rows takes and until when; none without a limit of our own, or when it takes no time.
fn how_long(options: &ImportOptions<'_>, rate: f64, rows: u64) -> Option<String> {
    const LONGEST: f64 = 10.0 * 365.0 * 24.0 * 3600.0;
    let reads_first = reads_each(options);
    let requests = rows as f64 * if reads_first { 2.0 } else { 1.0 };
    let seconds = requests / rate;
    if rate == 0.0 || !(60.0..LONGEST).contains(&seconds) {
        return None;
    }
    let until = Timestamp::now().as_second() + seconds as i64;
    let until = Timestamp::from_second(until).ok()?.to_zoned_datetime(TimeZone::system());
    let until = until.strftime("%Y-%m-%d %H:%M").to_string();
    Some(t!("agreement.how_long", rate = rate, lasts = lasts(seconds as u64), until = until).into_owned())
}

/// A span of time as people say it, rounded up to minutes.
fn lasts(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => t!("agreement.minutes", minutes = minutes),
        (hours, 0) => t!("agreement.hours", hours = hours),
        (hours, minutes) => t!("agreement.hours_and_minutes", hours = hours, minutes = minutes),
    }
    .into_owned()
}

/// The account the newest other run sent rows to that lies beside this one, and its folder; the sandbox does not count.
fn last_account(run: &Path) -> Option<(String, PathBuf)> {
    let runs = std::fs::read_dir("bw8-runs").ok()?.flatten().map(|entry| entry.path());
    let identities = runs
        .filter(|folder| folder.file_name() != run.file_name())
        .filter_map(|folder| JournalReader::open_read_only(&folder).ok())
        .filter(|past| past.has_sent().unwrap_or(true))
        .map(|past| (past.identity().started, past.identity().target.clone(), past.folder().to_owned()));
    let of_service = identities.filter(|(_, target, _)| !target.starts_with(crate::account::SANDBOX));
    of_service.max().map(|(_, target, folder)| (target, folder))
}

/// How many rows that were held back are free with this consent.
fn released(rows: &mut Rows, consent: &Consent) -> Result<u64> {
    rows.begin()?;
    let mut released = 0;
    while let Some(row) = rows.spool.next()? {
        if let RowState::Held { codes, .. } = &row.state {
            released += u64::from(row.confirms(codes, consent));
        }
    }
    rows.begin()?;
    Ok(released)
}

/// Asks for a yes, or for the number of rows where a yes is too easily said.
fn agrees_to_send(console: &mut Console, options: &ImportOptions<'_>, rows: u64) -> Result<bool> {
    if rows <= NUMBER_ABOVE {
        let records = options.entity().counted(rows, Language::current());
        let question = match options.preflight.mode {
            _ if options.changes_records() => message!("run.ask_change", records = records),
            WriteMode::Upsert => message!("run.ask_both", records = records),
            WriteMode::Create | WriteMode::SkipExisting | WriteMode::Update => {
                message!("run.ask", records = records)
            }
        };
        return console.agrees(&question.to_string());
    }
    let mut question = t!("agreement.ask_number", rows = rows);
    for _ in 0..NUMBER_ATTEMPTS {
        let answer = console.ask(&question)?;
        question = match typed_number(&answer) {
            Some(number) if number == rows => return Ok(true),
            Some(number) => t!("agreement.other_number", typed = number, rows = rows),
            None if is_yes(&answer) => t!("agreement.yes_is_too_little", rows = rows),
            None => return Ok(false),
        };
    }
    Ok(false)
}
