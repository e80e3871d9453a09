//! What a command would do: it reads all that the real run reads before its first write, and sends nothing.

use serde_json::json;

use super::additions::Additions;
use super::agreement::{left_out, sendable};
use super::existing::Look;
use super::first_request::FirstRequest;
use super::known::{Known, cursor_of};
use super::last_sent::LastSent;
use super::matching::{match_rows, tell_found};
use super::named_records::NamedRecords;
use super::operation::WriteOperation;
use super::options::ImportOptions;
use super::parents::Parents;
use super::places::{places, tell_index};
use super::preflight::{Preflight, Rows};
use super::referring::Referring;
use super::resume::ResumePlan;
use super::row_counts::Plan;
use super::run_identity::identity;
use super::sent_rows::SentRows;
use super::strange_export::refuse_strange_export;
use crate::check::findings::Findings;
use crate::error::{Exit, Result};
use crate::journal::{Counts, OperationCursor, RunIdentity, RunIndex};
use crate::language::Language;
use crate::message;
use crate::t;
use crate::terminal::Printer;

/// What a command would do.
#[derive(Debug)]
pub struct Foreseen {
    /// What the account has of the rows, where they are looked up there.
    plan: Option<Plan>,
    /// Rows that would be sent at most.
    would_send: u64,
    /// Rows that were sent before, and would not be sent again.
    ended: u64,
    /// Rows that would wait or be refused for what the account has.
    not_sent: Counts,
    /// What was found of them in the account.
    pub findings: Findings,
    /// What the first row that is sent asks for.
    first: Option<WriteOperation>,
    /// Records that would be made before the rows.
    parents: Parents,
}

/// Reads what the real run reads before its first write, and tells what it would do.
///
/// # Errors
/// Everything that keeps a run from beginning.
pub fn foresee(
    options: &ImportOptions<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<Foreseen> {
    let identity = identity(options, preflight)?;
    // Nothing is made where there is nothing.
    let mut index = RunIndex::open_existing(&options.account.index_folder()?)?;
    index.look_in(places(options, &identity)?);
    let mut known = find_out(options, &identity, &mut index, (preflight, rows), printer)?;
    if !known.is_finished() {
        refer(options, &mut known, preflight, rows, printer)?;
    }
    let (mut not_sent, mut findings) = (Counts::default(), Findings::new()?);
    let cursor = cursor_of(&known.meant)?;
    let last_sent = LastSent::read(options, &index, &identity.target, preflight, printer)?;
    let additions = Additions::of(options, &mut index, &identity, &preflight.mapping)?;
    if let Some(additions) = additions.as_ref().filter(|_| !known.is_finished()) {
        additions.tell(options.entity(), rows, printer)?;
    }
    let told = (last_sent.as_ref(), additions.as_ref());
    if preflight.mapping.is_found_by_key() && !known.is_finished() {
        return foresee_matched(options, preflight, rows, (known, cursor, told), findings, printer);
    }
    let (ended, is_finished) = (known.not_sent(), known.is_finished());
    let left = sendable(options, preflight, ended);
    let mut memory = known.memory;
    let look = Look { options, preflight, identity: &identity, left };
    not_sent.held = look.add_to(&mut memory, &mut index, rows, cursor, printer)??;
    let others = look.keys_of_others(rows, &mut findings, printer)??;
    let named = NamedRecords::new(options, preflight, told);
    // A run that did it all before does nothing now.
    let mut others = match is_finished {
        true => others,
        false => named.look(rows, || cursor_of(&known.meant), others, &mut findings, printer)??,
    };
    let plan = others.as_ref().and_then(|others| others.plan);
    let sent = SentRows::of(options, preflight, &mut memory, others.as_mut());
    let below_limit = sent.below_limit(rows, cursor_of(&known.meant)?)?.unwrap_or(u64::MAX);
    let (would_send, first) = match plan {
        Some(plan) => {
            (not_sent.held, not_sent.refused) = (plan.held, plan.refused);
            (plan.sent().min(below_limit), others.as_ref().and_then(|others| others.first.clone()))
        }
        None => {
            not_sent.held += findings.held;
            let sendable = sendable(options, preflight, ended + not_sent.held).min(below_limit);
            (sendable, preflight.first_operation.clone())
        }
    };
    let parents =
        Parents::wanted(rows, SentRows::of(options, preflight, &mut memory, others.as_mut()), options.catalog)?;
    Ok(Foreseen { plan, would_send, ended, not_sent, findings, first, parents })
}

/// What earlier runs say of the rows.
fn find_out(
    options: &ImportOptions<'_>,
    identity: &RunIdentity,
    index: &mut RunIndex,
    (preflight, rows): (&Preflight, &mut Rows),
    printer: &Printer,
) -> Result<Known> {
    let known = Known::find_out(options, identity, index, rows, &preflight.mapping);
    tell_index(index, printer);
    let known = known?;
    known.refuse_rows_of_export(options, preflight)?;
    if !known.is_finished() {
        refuse_strange_export(options, preflight, rows)?;
    }
    known.tell(preflight, printer);
    Ok(known)
}

/// Looks up the records that rows refer to.
fn refer(
    options: &ImportOptions<'_>,
    known: &mut Known,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<()> {
    let Known { meant, memory, .. } = known;
    let past = match &*meant {
        ResumePlan::Continue(_, past) | ResumePlan::Accept(_, past) => Some(past),
        ResumePlan::New(_) | ResumePlan::Finished(..) => None,
    };
    let referring = Referring { options, journal: None, past };
    let outcome = referring.resolve(|| cursor_of(meant), memory, preflight, rows, printer)?;
    if outcome.waiting > 0 {
        printer.warn(&message!("lookup.waiting", rows = outcome.waiting, questions = outcome.questions).to_string());
    }
    Ok(())
}

/// What the command would do with rows that are looked up in the account by their keys.
fn foresee_matched(
    options: &ImportOptions<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    (known, cursor, told): (Known, Option<OperationCursor>, (Option<&LastSent>, Option<&Additions>)),
    mut findings: Findings,
    printer: &Printer,
) -> Result<Foreseen> {
    let Known { ended, mut memory, meant, .. } = known;
    let known = (&mut memory, cursor, told);
    let mut matches = match_rows(options, preflight, rows, known, &mut findings, printer)?;
    let plan = matches.plan.unwrap_or_default();
    let sent = SentRows::of(options, preflight, &mut memory, Some(&mut matches));
    let parents = Parents::wanted(rows, sent, options.catalog)?;
    let not_sent = Counts { held: plan.held, refused: plan.refused, ..Counts::default() };
    let sent = SentRows::of(options, preflight, &mut memory, Some(&mut matches));
    let would_send = plan.sent().min(sent.below_limit(rows, cursor_of(&meant)?)?.unwrap_or(u64::MAX));
    let first = matches.first;
    Ok(Foreseen { plan: Some(plan), would_send, ended, not_sent, findings, first, parents })
}

impl Foreseen {
    /// Rows that would wait because the account has them, which no finding says.
    pub fn waiting(&self) -> u64 {
        if self.plan.is_some() { 0 } else { self.not_sent.held }
    }

    /// It in words.
    pub fn words(&self, options: &ImportOptions<'_>, preflight: &Preflight) -> String {
        let mut lines = self.parents.words(options.catalog);
        lines.push(self.words_of_rows(options, preflight));
        lines.join("\n")
    }

    fn words_of_rows(&self, options: &ImportOptions<'_>, preflight: &Preflight) -> String {
        match self.plan {
            Some(plan) => plan.words(options, preflight).to_string(),
            None => dry_words(
                options,
                self.would_send,
                preflight.findings.refused + self.not_sent.refused,
                preflight.findings.held + self.not_sent.held,
                preflight.waiting,
            ),
        }
    }

    /// It for scripts.
    pub fn json(&self) -> serde_json::Value {
        json!({"would_send": self.would_send, "ended_before": self.ended, "plan": self.plan.map(|plan| plan.json()),
            "refused": self.not_sent.refused, "held": self.not_sent.held, "created_first": self.parents.json()})
    }
}

/// Says what the same command would do without `--dry-run`.
pub(super) fn dry_run(
    options: &ImportOptions<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<Exit> {
    let foreseen = foresee(options, preflight, rows, printer)?;
    tell_found(&foreseen.findings, preflight, printer)?;
    let Foreseen { would_send, ended, not_sent, plan, parents, .. } = &foreseen;
    let (would_send, ended, plan) = (*would_send, *ended, *plan);
    let held = preflight.findings.held + not_sent.held;
    let refused = preflight.findings.refused + not_sent.refused;
    let exit = if refused + held + preflight.waiting > 0 { Exit::SomeFailed } else { Exit::Done };
    printer.result(&foreseen.words(options, preflight));
    if plan.is_some() {
        printer.result(&t!("run.dry_nothing_sent"));
    }
    if ended > 0 {
        printer.result(&message!("run.dry_done", rows = ended).to_string());
    }
    if let Some(loss) = preflight.mapping.report().loss() {
        printer.result(&loss.to_string());
    }
    let account = options.account.shown_target();
    let account = account.as_ref().map_or("", |target| target.credentials.name());
    left_out(options, preflight, plan, account).iter().for_each(|line| printer.result(line));
    let first = foreseen.first.as_ref().filter(|_| would_send > 0);
    let first = first.and_then(|operation| FirstRequest::of(options, operation));
    if let Some(first) = &first {
        printer.result(&t!("run.first_request"));
        printer.result(&if options.as_curl { first.curl() } else { first.text() });
    }
    printer.json(&json!({
        "version": 1, "entity": options.entity().name, "dry_run": true, "finished": false,
        "first_request": first.as_ref().map(FirstRequest::json),
        "rows": {"read": preflight.rows, "would_send": would_send, "refused": refused, "held": held,
            "waiting": preflight.waiting,
            "ended_before": ended},
        "plan": plan.map(|plan| plan.json()), "created_first": parents.json(),
        "left_out": preflight.left_out, "replaced": preflight.replaced, "mapping": preflight.mapping.report(), "exit": exit,
    }));
    Ok(exit)
}

/// What would be done, and with how many rows not; nothing is said of those that are none.
fn dry_words(options: &ImportOptions<'_>, would_send: u64, refused: u64, held: u64, waiting: u64) -> String {
    let key = match options.entity().conflict {
        _ if options.changes_records() => "run.dry_change",
        // There is no list of them: which are there already is known when each is sent.
        Some(_) => "run.dry_unlisted",
        None => "run.dry_new",
    };
    let records = options.entity().counted(would_send, Language::current());
    let would = match would_send {
        0 => t!("run.dry_none"),
        _ => t!(key, records = records, host = options.account.named_host()),
    };
    let besides = [
        (refused, message!("run.dry_refused", rows = refused)),
        (held, message!("run.dry_held", rows = held)),
        (waiting, message!("run.dry_waiting", rows = waiting)),
    ];
    let besides = besides.iter().filter(|(rows, _)| *rows > 0).map(|(_, words)| words.to_string());
    t!("run.dry", would = would, besides = besides.collect::<String>()).into_owned()
}
