//! What an import decides about rows, beside a model of it: whatever people do to their files, whatever the service answers
//! and whenever a command is stopped or killed, no row is sent twice, none is lost and none misreported. Files, steps and
//! answers are made up by chance; nothing here knows how rows are recognised, only what the service was sent.
//!
//! `PROPTEST_CASES=2000 cargo test --lib import::tests` looks longer. A history that fails is made short and printed, and its
//! seed is kept in `proptest-regressions`, to be played first from then on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::agreed::Agreed;
use super::known::{Known, register};
use super::operation::WriteOperation;
use super::options::{Answers, DoubtOptions, ImportOptions, PreflightOptions, ReferenceOptions, ResumeOptions};
use super::plan::{KnownRows, PendingWrite, RowAction, RowPlanner};
use super::preflight::{Preflight, Purpose};
use super::references;
use super::resume::{self, OpenedRun, ResumePlan};
use super::run_identity;
use super::words::Words;
use crate::account::Account;
use crate::check::consent::Consent;
use crate::check::consent::{LIKELY_DOUBLE, SENT_BEFORE};
use crate::definitions::DefinitionSource;
use crate::entity::{AccountMode, Catalog, WriteMode};
use crate::error::{Exit, Result};
use crate::format::Input;
use crate::journal::{Journal, JournalReader, Operation, Parent, Reason, Registration, Reservation, Status};
use crate::terminal::CommandLine;

/// A row of a file. A number of 0 is an empty cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    name: u8,
    mobile: u8,
    /// [`NULL`] is a word that is held until somebody consents, and then counts as nothing.
    note: u8,
    /// A column that is not sent.
    seen: u8,
    /// Its company is neither an id nor a name.
    is_wrong: bool,
    /// For a retry: its number in the first run, and that run.
    origin: Option<(u64, Uuid)>,
}

/// The number of a note that says `null`.
const NULL: u8 = 3;

/// What a row says in the columns that are sent: name, mobile, note, company.
type Said = [String; 4];

impl Row {
    fn said(&self) -> Said {
        let text = |text: &str, number: u8| if number == 0 { String::new() } else { format!("{text}{number}") };
        let company = if self.is_wrong { "20001#" } else { "20001" };
        let note = if self.note == NULL { "null".to_owned() } else { text("说明 ", self.note) };
        [text("示例 ", self.name), text("1310000000", self.mobile), note, company.to_owned()]
    }

    /// What no two customers have in common: a mobile number, else the switchboard and a name.
    fn key(&self) -> Option<(u8, u8)> {
        match (self.mobile, self.name) {
            (0, 0) => None,
            (0, name) => Some((0, name)),
            (mobile, _) => Some((mobile, 0)),
        }
    }

    /// Whether it is likely about the record of a row that has a mobile where this one has none, or none where this one has it.
    fn is_likely(&self, key: Option<(u8, u8)>, said: &Said) -> bool {
        let is_same_name = self.name > 0 && said[0] == self.said()[0];
        match (self.mobile, key) {
            (_, None) => false,
            (0, Some((mobile, _))) => is_same_name && mobile > 0,
            (_, Some((mobile, _))) => is_same_name && mobile == 0,
        }
    }

    fn line(&self) -> String {
        let [name, mobile, note, company] = self.said();
        let (number, run) = self.origin.map(|(number, run)| (number.to_string(), run.to_string())).unwrap_or_default();
        format!("{name},{mobile},010-00000000,{note},{company},{},{number},{run}\n", self.seen)
    }
}

const HEADER: &str = "姓名,手机,固定电话,备注,公司编号,看过,bw8_row,bw8_run\n";

/// What the service answers to a write, as far as the command gets to know it.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Created,
    Rejected,
    Nothing,
}

/// How a command sends, and how it ends.
#[derive(Debug, Clone)]
struct Sending {
    window: usize,
    /// What the service answers, one row after another and from the beginning again.
    answers: Vec<Answer>,
    /// Ends are written down one by one, and not only with their window.
    one_by_one: bool,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Whole,
    /// Interrupted after so many rows.
    Stopped(usize),
    /// Killed after so many rows.
    Killed(usize),
}

/// What a person does.
#[derive(Debug, Clone)]
enum Step {
    Edit(usize, Index, Row),
    /// Edits a column that is not sent.
    See(usize, Index),
    Reverse(usize),
    Sort(usize),
    Add(usize, Index, Row),
    Twin(usize, Index),
    Remove(usize, Index),
    /// The two files change their names.
    Rename,
    Copy(usize),
    Import {
        file: usize,
        accepts: bool,
        consents: bool,
        limit: Option<usize>,
        sending: Sending,
    },
    /// Retries what failed in a run, or the list that was retried last.
    Retry {
        run: Index,
        is_same_list: bool,
        fixes: bool,
        edits: bool,
        accepts: bool,
        consents: bool,
        sending: Sending,
    },
}

fn any_row() -> impl Strategy<Value = Row> {
    (0u8..3, 0u8..4, 0..=NULL, prop::bool::weighted(0.15)).prop_map(|(name, mobile, note, is_wrong)| Row {
        name,
        mobile,
        note,
        seen: 0,
        is_wrong,
        origin: None,
    })
}

fn any_sending() -> impl Strategy<Value = Sending> {
    let answer = prop_oneof![
        6 => Just(Answer::Created),
        2 => Just(Answer::Rejected),
        1 => Just(Answer::Nothing),
    ];
    let end = prop_oneof![
        4 => Just(End::Whole),
        1 => (0usize..4).prop_map(End::Stopped),
        1 => (0usize..4).prop_map(End::Killed),
    ];
    (1usize..4, prop::collection::vec(answer, 1..5), any::<bool>(), end)
        .prop_map(|(window, answers, one_by_one, end)| Sending { window, answers, one_by_one, end })
}

/// A step; how often it is a retry.
fn any_step(retries: u32) -> impl Strategy<Value = Step> {
    let file = || prop_oneof![3 => Just(0usize), 1 => Just(1)];
    let at = any::<Index>;
    prop_oneof![
        2 => (file(), at(), any_row()).prop_map(|(file, at, row)| Step::Edit(file, at, row)),
        1 => (file(), at()).prop_map(|(file, at)| Step::See(file, at)),
        1 => file().prop_map(Step::Reverse),
        1 => file().prop_map(Step::Sort),
        2 => (file(), at(), any_row()).prop_map(|(file, at, row)| Step::Add(file, at, row)),
        1 => (file(), at()).prop_map(|(file, at)| Step::Twin(file, at)),
        1 => (file(), at()).prop_map(|(file, at)| Step::Remove(file, at)),
        1 => Just(Step::Rename),
        1 => file().prop_map(Step::Copy),
        9 => (file(), any::<bool>(), any::<bool>(), prop::option::weighted(0.3, 1usize..5), any_sending())
            .prop_map(|(file, accepts, consents, limit, sending)| Step::Import { file, accepts, consents, limit, sending }),
        retries => (at(), prop::bool::weighted(0.3), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any_sending()).prop_map(
            |(run, is_same_list, fixes, edits, accepts, consents, sending)| Step::Retry {
                run, is_same_list, fixes, edits, accepts, consents, sending,
            }
        ),
    ]
}

/// What the command knows of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Created,
    Rejected,
    /// None: it may have been carried out.
    None,
}

/// A write as it reached the service, or as a killed command may have sent it.
#[derive(Debug, Clone)]
struct Write {
    run: Uuid,
    request_id: Uuid,
    said: Said,
    key: Option<(u8, u8)>,
    proof: Proof,
}

/// A run, as a person knows it.
#[derive(Debug, Clone)]
struct Run {
    run: Uuid,
    /// The run whose rows it sends: for a retry the first one.
    family: Uuid,
    folder: PathBuf,
    /// Its input, as it was read last, and from which file.
    rows: Vec<Row>,
    path: PathBuf,
    /// What these rows say; for a retry, what the rows of the first run say, fixed ones as they are now.
    whole: Vec<Said>,
}

/// Everything there is: files, runs and what the service was sent.
struct World<'a> {
    folder: tempfile::TempDir,
    catalog: &'a Catalog,
    files: [Vec<Row>; 2],
    runs: Vec<Run>,
    /// The list that was retried last, and of which run.
    list: Option<(Vec<Row>, Run)>,
    writes: Vec<Write>,
    /// The most rows of an input that said this.
    twins: BTreeMap<Said, usize>,
    commands: u128,
    /// How often something happened.
    tally: &'a mut BTreeMap<&'static str, u64>,
}

/// A folder where syncs cost nothing, where the system has one: each history needs hundreds of them.
fn folder_in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

impl<'a> World<'a> {
    fn new(catalog: &'a Catalog, file: Vec<Row>, tally: &'a mut BTreeMap<&'static str, u64>) -> Self {
        World {
            folder: folder_in_memory(),
            catalog,
            files: [file, Vec::new()],
            runs: Vec::new(),
            list: None,
            writes: Vec::new(),
            twins: BTreeMap::new(),
            commands: 0,
            tally,
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn take(&mut self, step: &Step) {
        let at = |rows: &Vec<Row>, at: &Index| (!rows.is_empty()).then(|| at.index(rows.len()));
        match step {
            Step::Edit(file, index, row) => {
                let rows = &mut self.files[*file];
                if let Some(at) = at(rows, index) {
                    rows[at] = row.clone();
                }
            }
            Step::See(file, index) => {
                let rows = &mut self.files[*file];
                if let Some(at) = at(rows, index) {
                    rows[at].seen += 1;
                }
            }
            Step::Reverse(file) => self.files[*file].reverse(),
            Step::Sort(file) => self.files[*file].sort(),
            Step::Add(file, index, row) => {
                let rows = &mut self.files[*file];
                rows.insert(index.index(rows.len() + 1), row.clone());
            }
            Step::Twin(file, index) => {
                let rows = &mut self.files[*file];
                if let Some(at) = at(rows, index) {
                    rows.push(rows[at].clone());
                }
            }
            Step::Remove(file, index) => {
                let rows = &mut self.files[*file];
                at(rows, index).map(|at| rows.remove(at));
            }
            Step::Rename => self.files.swap(0, 1),
            Step::Copy(file) => self.files[1 - *file] = self.files[*file].clone(),
            Step::Import { file, accepts, consents, limit, sending } => {
                let path = self.folder.path().join(["a.csv", "b.csv"][*file]);
                let rows = self.files[*file].clone();
                self.command(&Command {
                    path,
                    rows,
                    parent: None,
                    accepts: *accepts,
                    consents: *consents,
                    limit: *limit,
                    sending,
                });
            }
            Step::Retry { run, is_same_list, fixes, edits, accepts, consents, sending } => {
                let kept = self.list.clone().filter(|_| *is_same_list);
                let Some((rows, first_run)) = kept.or_else(|| self.failed(run, *fixes, *edits)) else { return };
                self.list = Some((rows.clone(), first_run.clone()));
                let path = self.folder.path().join("failed.csv");
                let parent = Some(first_run);
                self.command(&Command {
                    path,
                    rows,
                    parent,
                    accepts: *accepts,
                    consents: *consents,
                    limit: None,
                    sending,
                });
            }
        }
    }

    /// The list of the rows that failed in a run, as a person fixes it.
    fn failed(&self, run: &Index, fixes: bool, edits: bool) -> Option<(Vec<Row>, Run)> {
        if self.runs.is_empty() {
            return None;
        }
        let run = run.get(&self.runs);
        let operations = JournalReader::open_read_only(&run.folder).unwrap().operations(0, 1000).unwrap();
        let failed =
            operations.iter().filter(|end| matches!(end.status, Status::Refused | Status::Held | Status::Failed));
        let mut rows: Vec<Row> = failed
            .map(|end| {
                let row = run.rows[end.row.row as usize].clone();
                let is_wrong = row.is_wrong && !fixes;
                Row { is_wrong, origin: Some((end.row.number, run.run)), ..row }
            })
            .collect();
        if edits && let Some(first) = rows.first_mut() {
            first.note = (first.note + 1) % NULL;
        }
        Some((rows, run.clone()))
    }

    /// Writes that are not known to have failed.
    fn live(&self) -> impl Iterator<Item = &Write> {
        self.writes.iter().filter(|write| write.proof != Proof::Rejected)
    }
}

/// An import or a retry.
struct Command<'a> {
    path: PathBuf,
    rows: Vec<Row>,
    parent: Option<Run>,
    accepts: bool,
    consents: bool,
    limit: Option<usize>,
    sending: &'a Sending,
}

impl Command<'_> {
    fn said(&self) -> Vec<Said> {
        self.rows.iter().map(Row::said).collect()
    }

    /// What its rows say, and those of the run it retries beside them.
    fn whole(&self) -> Vec<Said> {
        let mut whole = self.said();
        let Some(first) = &self.parent else { return whole };
        let mut others = first.whole.clone();
        for (number, _) in self.rows.iter().filter_map(|row| row.origin) {
            let before = first.rows[number as usize - 2].said();
            others.iter().position(|said| *said == before).map(|position| others.swap_remove(position));
        }
        whole.append(&mut others);
        whole
    }
}

/// How many rows say what.
fn counted(rows: &[Said]) -> BTreeMap<&Said, usize> {
    let mut counted = BTreeMap::new();
    for said in rows {
        *counted.entry(said).or_default() += 1;
    }
    counted
}

/// What the service reads in a request.
fn said_in(pending: &PendingWrite) -> Said {
    let WriteOperation::Write { body, .. } = &pending.operation else { panic!("no new record: {pending:?}") };
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    ["name", "mobile", "note", "companyId"].map(|field| body["user"][field].as_str().unwrap_or_default().to_owned())
}

fn options<'a>(catalog: &'a Catalog, folder: &Path, command: &Command<'_>) -> ImportOptions<'a> {
    let entity = catalog.find("customers").unwrap().clone();
    ImportOptions {
        doubt: DoubtOptions::default(),
        references: ReferenceOptions::default(),
        binds: None,
        catalog,
        account: Account::Sandbox {
            folder: folder.to_owned(),
            mode: AccountMode::Business,
            connection: Default::default(),
            history: Default::default(),
        },
        preflight: PreflightOptions {
            input: Input { path: command.path.clone(), shown: "mine.csv".into(), ..Input::default() },
            entity,
            custom: &catalog.service.custom,
            mapping_file: None,
            account_mode: AccountMode::Business,
            mode: WriteMode::Create,
            key: Vec::new(),
            values: Default::default(),
            consent: if command.consents { Consent::of_option("") } else { Consent::default() },
            baselines: None,
            baseline: None,
        },
        resume: ResumeOptions { accept_changed: command.accepts, ..ResumeOptions::default() },
        parent: command.parent.as_ref().map(|first| Parent { run: first.run, folder: first.folder.clone() }),
        dry_run: false,
        as_curl: false,
        limit: command.limit.map(|limit| limit as u64),
        strict: false,
        max_failures: None,
        reads_back: false,
        sample: 0,
        answers: Answers::default(),
        keeps_going: true,
        typed: CommandLine::default(),
    }
}

impl World<'_> {
    fn command(&mut self, command: &Command<'_>) {
        if command.rows.is_empty() {
            return;
        }
        let lines: String = command.rows.iter().map(Row::line).collect();
        std::fs::write(&command.path, format!("{HEADER}{lines}")).unwrap();
        self.commands += 1;
        let options = options(self.catalog, self.folder.path(), command);
        let definitions = DefinitionSource::kept(self.catalog, None);
        let (preflight, mut rows) = Preflight::run(
            &options.preflight,
            &definitions,
            &Agreed::default(),
            &Words::default(),
            Purpose::Sending(None),
        )
        .unwrap();
        references::take_as_written(&mut rows);
        let mut identity = run_identity::identity(&options, &preflight).unwrap();
        (identity.run, identity.started) = (Uuid::from_u128(self.commands), self.commands as i64);
        let mut index = options.account.index().unwrap();
        let known = Known::find_out(&options, &identity, &mut index, &mut rows, &preflight.mapping);
        self.check_recognised(command, &known);
        let known = match known {
            Err(error) => {
                assert_eq!(error.exit(), Exit::Usage, "{error:?}");
                return self.count("asked");
            }
            Ok(known) => known,
        };
        known.refuse_rows_in_work((&options, &preflight), &identity, &index, &mut rows).unwrap();
        let (journal, is_new) = match known.meant {
            ResumePlan::New(_) => {
                let folder = self.folder.path().join(format!("run-{}", self.commands));
                std::fs::create_dir(&folder).unwrap();
                (resume::begin(&folder, &identity, &index).unwrap(), true)
            }
            found => match resume::open(found, &options.resume, identity, known.ended, &index, |_| Ok(())).unwrap() {
                OpenedRun::Continue(journal, _) => (journal, false),
                OpenedRun::Finished(..) => return self.count("done before"),
                OpenedRun::New(_) => panic!("it was to go on"),
            },
        };
        let registered = register(&options, &journal, &index, (&mut rows, &preflight.mapping)).unwrap();
        registered.unwrap().keep(None).unwrap();
        self.count(if is_new { "new" } else { "went on" });
        let run = journal.identity().run;
        if is_new {
            let family = command.parent.as_ref().map_or(run, |first| first.family);
            let (folder, path) = (journal.folder().to_owned(), PathBuf::new());
            self.runs.push(Run { run, family, folder, rows: Vec::new(), path, whole: Vec::new() });
        }
        let here = self.runs.iter_mut().find(|known| known.run == run).unwrap();
        (here.rows, here.path, here.whole) = (command.rows.clone(), command.path.clone(), command.whole());
        let here = here.clone();
        for (said, rows) in counted(&here.whole) {
            let most = self.twins.entry(said.clone()).or_default();
            *most = rows.max(*most);
        }
        let known = KnownRows { memory: known.memory, ..KnownRows::default() };
        let planner = RowPlanner::open(&options, &preflight, rows, known, &journal).unwrap();
        let Some(journal) = self.send(command, &here, planner, journal) else { return self.count("killed") };
        let past = journal.reader().unwrap();
        self.check_ends(&here, &past);
        drop(past);
        journal.close().unwrap();
        Registration::end(&here.folder).unwrap();
        index.read_run(&JournalReader::open_read_only(&here.folder).unwrap()).unwrap();
        index.unregister(&run).unwrap();
    }

    /// Sends as the pipeline does, window by window. None when the command was killed.
    fn send(
        &mut self,
        command: &Command<'_>,
        run: &Run,
        mut planner: RowPlanner<'_>,
        mut journal: Journal,
    ) -> Option<Journal> {
        let Sending { answers, one_by_one, end, .. } = command.sending;
        let mut answers = answers.iter().cycle();
        let (mut taken, mut given_back, mut sent, mut is_last) = (0, 0, 0, false);
        while !is_last && given_back == 0 {
            let window = next_window(command, &mut planner, &mut taken);
            is_last = window.is_last;
            planner.keep_claims().unwrap();
            let is_held = |pending: &PendingWrite| run.rows[pending.row.row as usize].note == NULL;
            assert!(command.consents || !window.send.iter().any(is_held), "sent without consent");
            let rows = window.send.iter().map(|pending| pending.row.clone()).collect();
            let reserved = Reservation { rows, targets: Vec::new() };
            journal.apply(std::slice::from_ref(&reserved), &window.ended, &[]).unwrap();
            let mut ended = Vec::new();
            for (position, pending) in window.send.iter().enumerate() {
                match end {
                    End::Killed(rows) if sent >= *rows => {
                        // Whatever was reserved may have been sent, for all that anybody will know.
                        window.send[position..].iter().for_each(|left| self.receive(run, left, Proof::None));
                        return self.killed(run, &ended);
                    }
                    End::Stopped(rows) if sent >= *rows => {
                        given_back = window.send.len() - position;
                        break;
                    }
                    _ => {}
                }
                sent += 1;
                ended.push(self.answer(run, pending, *answers.next().unwrap()));
                if *one_by_one {
                    journal.apply(&[], &ended, &[]).unwrap();
                    ended.clear();
                }
            }
            if matches!(end, End::Killed(rows) if sent > 0 && sent >= *rows) {
                return self.killed(run, &ended);
            }
            let settled: Vec<u64> = reserved.rows.first().map(|first| first.row).into_iter().collect();
            journal.apply(&[], &ended, &settled).unwrap();
        }
        let past = journal.reader().unwrap();
        assert_eq!(past.ended_before(taken as u64).unwrap() as usize, taken - given_back, "the books do not balance");
        let is_finished = past.counts().unwrap().ended() == command.rows.len() as u64;
        journal.finish(Exit::Done, is_finished && given_back == 0).unwrap();
        self.count(if is_finished { "finished" } else { "not finished" });
        Some(journal)
    }

    /// The command was killed: what became of these rows was never written down.
    fn killed(&mut self, run: &Run, unwritten: &[Operation]) -> Option<Journal> {
        for operation in unwritten {
            let request_id = operation.row.request_id(&run.run);
            let write = self.writes.iter_mut().find(|write| write.request_id == request_id).unwrap();
            write.proof = Proof::None;
        }
        None
    }

    /// The service gets a write and answers.
    fn answer(&mut self, run: &Run, pending: &PendingWrite, answer: Answer) -> Operation {
        let (proof, status) = match answer {
            Answer::Created => (Proof::Created, Status::Created),
            Answer::Rejected => (Proof::Rejected, Status::Failed),
            Answer::Nothing => (Proof::None, Status::Unknown),
        };
        self.receive(run, pending, proof);
        let id = (proof == Proof::Created).then(|| (50_000 + self.writes.len()).to_string());
        let reason = Some(Box::new(Reason { code: "422".into(), ..Reason::default() }));
        let reason = reason.filter(|_| proof != Proof::Created);
        Operation { row: pending.row.clone(), status, id, attempts: 1, at: self.commands as i64, reason }
    }

    fn receive(&mut self, run: &Run, pending: &PendingWrite, proof: Proof) {
        let row = &run.rows[pending.row.row as usize];
        let said = row.said();
        let sent = said.clone().map(|text| if text == "null" { String::new() } else { text });
        assert_eq!(said_in(pending), sent, "another row was sent than was meant");
        assert!(!row.is_wrong, "a row with a mistake was sent");
        let key = row.key();
        let same = self.live().filter(|write| write.said == said).count();
        assert!(same < self.twins[&said], "sent again: {said:?}");
        let has_key = |write: &&Write| key.is_some() && write.key == key;
        assert_eq!(self.live().find(has_key).map(|write| &write.said), None, "its key was sent before: {said:?}");
        let request_id = pending.request_id;
        assert!(self.writes.iter().all(|write| write.request_id != request_id), "an old request id: {said:?}");
        let was_rejected = self
            .writes
            .iter()
            .any(|write| write.run == run.run && write.said == said && write.proof == Proof::Rejected);
        assert!(pending.row.generation == 0 || was_rejected, "a new request id without a rejection: {said:?}");
        self.writes.push(Write { run: run.run, request_id, said, key, proof });
    }
}

/// Rows the reader hands over together.
#[derive(Default)]
struct Window {
    ended: Vec<Operation>,
    send: Vec<PendingWrite>,
    is_last: bool,
}

fn next_window(command: &Command<'_>, planner: &mut RowPlanner<'_>, taken: &mut usize) -> Window {
    let mut window = Window::default();
    while window.send.len() < command.sending.window {
        let action = if command.limit.is_some_and(|limit| *taken >= limit) { None } else { planner.next().unwrap() };
        match action {
            None => return Window { is_last: true, ..window },
            Some(RowAction::Ended { .. }) => {}
            Some(RowAction::Wait) => panic!("nothing refers to anything unknown here"),
            Some(RowAction::End(operation)) => window.ended.push(operation),
            Some(RowAction::Send(pending)) => window.send.push(pending),
        }
        *taken += 1;
    }
    window
}

/// What has to be so, beside what [`World::receive`] looks at.
impl World<'_> {
    /// A file that says what the input of one run said, and of which no other run sent a row, goes on with that run, in
    /// whatever order its rows stand and whatever its other columns say.
    fn check_recognised(&self, command: &Command<'_>, known: &Result<Known>) {
        let meant = known.as_ref().map(|known| &known.meant);
        if let Ok(ResumePlan::Finished(past, _)) = meant {
            let run = self.runs.iter().find(|run| run.folder == past.folder()).unwrap();
            let is_new = |row: &&Row| {
                !run.rows.iter().any(|before| before.said() == row.said())
                    && !self.live().any(|write| write.said == row.said())
            };
            assert_eq!(command.rows.iter().find(is_new), None, "an end that it never had");
        }
        let said = command.said();
        let said = counted(&said);
        let senders: BTreeSet<Uuid> =
            self.live().filter(|write| said.contains_key(&write.said)).map(|write| write.run).collect();
        let sender = self.runs.iter().find(|run| senders.contains(&run.run));
        let Some(run) = sender.filter(|run| senders.len() == 1 && counted(&run.whole) == said) else { return };
        let is_of_another = |other: &Run| other.path == command.path && other.run != run.run;
        if command.parent.is_some() || run.family != run.run || self.runs.iter().any(is_of_another) {
            return;
        }
        let past = JournalReader::open_read_only(&run.folder).unwrap();
        // A run of the very same cells, wherever they stood, says no less.
        let says_no_less = |folder: &Path| {
            let is_of_same_cells = |other: &Run| other.folder == folder && other.rows == command.rows;
            folder == run.folder || self.runs.iter().any(is_of_same_cells)
        };
        match meant {
            // Under another name its rows are recognised one by one.
            Ok(ResumePlan::New(_)) => assert_ne!(command.path, run.path),
            Ok(ResumePlan::Continue(folder, _) | ResumePlan::Accept(folder, _)) => {
                assert!(says_no_less(folder), "{folder:?}");
            }
            Ok(ResumePlan::Finished(past, _)) => assert!(says_no_less(past.folder()), "{past:?}"),
            Err(error) => {
                let sent = past.sent().unwrap();
                let is_finished = past.ended().unwrap().is_some_and(|(_, is_finished)| is_finished);
                let is_gone = |write: &Write| write.run == run.run && !said.contains_key(&write.said);
                let may_ask = is_finished && sent < command.rows.len() as u64 || self.live().any(is_gone);
                assert!(may_ask && !command.accepts && command.rows != run.rows, "{error:?}");
            }
        }
    }

    /// Every row has one end at most, and what it says is so.
    fn check_ends(&self, run: &Run, past: &JournalReader) {
        let rows = &run.rows;
        let ends = past.operations(0, 1000).unwrap();
        let ended: BTreeSet<u64> = ends.iter().map(|end| end.row.row).collect();
        assert!(ended.len() == ends.len() && ended.iter().all(|row| *row < rows.len() as u64), "{ended:?}");
        for end in &ends {
            let row = &rows[end.row.row as usize];
            let (said, key) = (row.said(), row.key());
            let code = end.reason.as_ref().map_or("", |reason| &reason.code);
            let has_key = |other| key.is_some() && other == key;
            // A retry may have sent it otherwise than it stands here: then the row says which row of the first run it is.
            let is_known_by_origin = code == "retried_before" || code == "changed_since_sent" && row.origin.is_some();
            let is_known_by = |write: &Write| write.said == said || has_key(write.key) || is_known_by_origin;
            let mut writes = self.writes.iter();
            let is_true = match end.status {
                Status::Created => writes.any(|write| write.said == said && write.proof == Proof::Created),
                Status::Failed => writes.any(|write| write.said == said && write.proof == Proof::Rejected),
                Status::Unknown => writes.any(|write| is_known_by(write) && write.proof == Proof::None),
                Status::Skipped => writes.any(|write| is_known_by(write) && write.proof == Proof::Created),
                Status::Refused => {
                    row.is_wrong
                        || rows.iter().filter(|other| has_key(other.key())).count() > 1
                        || writes.any(|write| has_key(write.key) && write.proof != Proof::Rejected)
                        || row.origin.is_some() && code == "old_row_number"
                }
                Status::Held if code == LIKELY_DOUBLE => {
                    rows.iter().any(|other| row.is_likely(other.key(), &other.said()))
                        || writes.any(|write| row.is_likely(write.key, &write.said) && write.proof != Proof::Rejected)
                }
                Status::Held => row.note == NULL || code == SENT_BEFORE && writes.any(is_known_by),
                Status::Updated | Status::Unchanged => false,
            };
            assert!(is_true, "{row:?} is said to be {end:?}");
        }
    }
}

/// What has to happen, that the model is one.
const EVENTS: [&str; 7] = ["new", "went on", "done before", "asked", "killed", "finished", "not finished"];
/// Times that histories are made until all of it has happened.
const MOST_ROUNDS: usize = 8;

#[test]
fn whatever_happens_no_row_is_sent_twice_lost_or_misreported() {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 60 };
    let config = ProptestConfig { cases, source_file: Some(file!()), ..ProptestConfig::default() };
    let catalog = Catalog::embedded();
    let tally = std::cell::RefCell::new(BTreeMap::new());
    let steps =
        prop::bool::ANY.prop_flat_map(|retries| prop::collection::vec(any_step(if retries { 12 } else { 2 }), 1..14));
    let histories = (prop::collection::vec(any_row(), 1..6), steps);
    let has_all = |tally: &BTreeMap<&str, u64>| EVENTS.iter().all(|what| tally.contains_key(what));
    // Chance may leave one of them out of a few histories; not of several times as many.
    for _ in 0..MOST_ROUNDS {
        let found = TestRunner::new(config.clone()).run(&histories, |(file, steps)| {
            let mut tally = tally.borrow_mut();
            let mut world = World::new(catalog, file, &mut tally);
            steps.iter().for_each(|step| world.take(step));
            Ok(())
        });
        if let Err(error) = found {
            panic!("{error}");
        }
        if has_all(&tally.borrow()) {
            return;
        }
    }
    // A model that nothing happens in finds nothing.
    panic!("not all of {EVENTS:?} happened: {tally:?}");
}
