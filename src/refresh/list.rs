//! Makes a list of the mirror whole: reads it, compares what was read with what the service says it has, and reads again
//! while the two disagree.

use rust_i18n::t;
use serde_json::Value;

use super::{Question, Refresh, record};
use crate::error::Result;
use crate::mirror::{Key, List, Window};

/// A reading that began longer ago is begun anew: what it read first may have changed since.
const RESUMABLE_SECONDS: i64 = 24 * 60 * 60;
/// A reading that ended longer ago is not written out any more: the file would be of another day than it says.
const FRESH_SECONDS: i64 = 60 * 60;
/// Times a list is read before it is said to change too fast.
const MOST_PASSES: u32 = 3;
/// The service's filters know days only, and its clock is not ours.
const OVERLAP_DAYS: i64 = 1;

/// What was asked and what came, for the manifest.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// The entity.
    pub entity: String,
    /// Where it was asked.
    pub path: String,
    /// With which filters.
    pub filter: String,
    /// When the reading began, in the service's time zone.
    pub began: Option<String>,
    /// The service's total on the first page.
    pub count_before: Option<u64>,
    /// The service's total on the last page.
    pub count_after: Option<u64>,
    /// Records that came, each counted once.
    pub records: u64,
    /// Pages it took.
    pub pages: u64,
    /// Times it was read.
    pub passes: u32,
    /// Every page was seen to join the one before it.
    pub joined: bool,
}

/// A list that is whole.
#[derive(Debug)]
pub struct Outcome {
    /// The list.
    pub list: List,
    /// What was asked for it by this command.
    pub reports: Vec<Report>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// What a pass that was read to its end is worth.
#[derive(Debug, PartialEq, Eq)]
enum Completeness {
    Whole,
    /// Whole, although the service's total says otherwise.
    WholeAgainstCount,
    Again,
    Incomplete,
}

impl Refresh<'_> {
    /// Reads everything a question asks for, going on from where an earlier command was broken off.
    ///
    /// # Errors
    /// The user stops, the service fails, or the list changes faster than it can be read.
    pub async fn read_all(&self, question: &Question<'_>) -> Result<Outcome> {
        let now = jiff::Timestamp::now().as_second();
        let service = self.client.service();
        let mut list = self.mirror.list(&question.entity.name, &question.text(service))?;
        let limit = if list.is_read { FRESH_SECONDS } else { RESUMABLE_SECONDS };
        let is_resumable = list.began.is_some_and(|began| (0..limit).contains(&(now - began)));
        let mut outcome = Outcome { list: list.clone(), reports: Vec::new(), warnings: Vec::new() };
        if is_resumable && list.is_read {
            let minutes = list.began.map_or(0, |began| (now - began) / 60);
            self.progress.say(&t!("refresh.already_read", entity = self.label(question), minutes = minutes));
            outcome.reports.push(self.report(
                question,
                &list,
                &Window { count_after: list.total, ..self.read_window_of(&list)? },
                self.mirror.seen(&list)?,
                0,
            ));
            return Ok(outcome);
        }
        if is_resumable {
            let position = self.mirror.window(&list, 0)?.map_or(0, |window| window.position);
            self.progress.say(&t!("refresh.resuming", entity = self.label(question), done = position));
        } else {
            list = self.mirror.begin_pass(&list, now)?;
        }
        let mut before = None;
        let mut passes = 1;
        loop {
            self.progress.begin(&self.label(question), 0, None);
            let window = self.read_window(&list, question, 0).await?;
            let read = self.mirror.seen(&list)?;
            let deleted = if window.count_after == Some(read) { 0 } else { self.deleted(question, &list)? };
            let verdict = judge(&window, read, deleted, before, passes);
            outcome.reports.push(self.report(question, &list, &window, read, passes));
            match verdict {
                Completeness::Whole => {}
                Completeness::WholeAgainstCount => outcome.warnings.push(
                    t!(
                        "refresh.count_differs",
                        entity = self.label(question),
                        count = window.count_after.unwrap_or(0),
                        read = read
                    )
                    .into_owned(),
                ),
                Completeness::Incomplete => {
                    return Err(super::window::changing(question));
                }
                Completeness::Again => {
                    before = Some((read, window.count_after));
                    passes += 1;
                    list = self.mirror.begin_pass(&list, now)?;
                    let changed = window.count_after.map_or(0, |count| count.abs_diff(read)).max(1);
                    let warning = t!("refresh.read_again", entity = self.label(question), changed = changed);
                    self.progress.say(&warning);
                    outcome.warnings.push(warning.into_owned());
                    continue;
                }
            }
            self.mirror.end_pass(&list, window.count_after)?;
            outcome.list = self.mirror.list(&list.entity, &list.question)?;
            return Ok(outcome);
        }
    }

    /// Brings a whole list up to date with what was created and updated since; reads everything when that cannot be
    /// enough.
    ///
    /// # Errors
    /// As [`Refresh::read_all`].
    pub async fn read_changes(&self, question: &Question<'_>) -> Result<Outcome> {
        let now = jiff::Timestamp::now();
        let service = self.client.service();
        let list = self.mirror.list(&question.entity.name, &question.text(service))?;
        let windows = [question.created(service), question.updated(service)];
        // Without a filter for changes only lists of things that happened once, such as calls, can be read in parts.
        let has_changes = windows[1].is_some() || question.endpoint.window.is_some();
        let (Some(complete), None, true) = (list.complete, list.began, has_changes) else {
            return self.read_all(question).await;
        };
        let mut outcome = Outcome { list: list.clone(), reports: Vec::new(), warnings: Vec::new() };
        let leaves_out_deleted = self.leaves_out_deleted(question, &list)?;
        let since = super::question::day_of(complete, service).saturating_sub(jiff::Span::new().days(OVERLAP_DAYS));
        self.progress.say(&t!("refresh.changes_since", entity = self.label(question), since = since));
        for (number, names) in (1..).zip(windows.into_iter().flatten()) {
            self.progress.begin(&self.label(question), 0, None);
            let since = match &question.endpoint.window {
                Some(_) => since.to_string(),
                None => format!("{since} 00:00:00"),
            };
            let part = question.clone().with(&names[0], &since);
            let window = self.read_window(&list, &part, number).await?;
            outcome.reports.push(self.report(&part, &list, &window, window.position, 1));
        }
        let held = self.mirror.held(&list)?;
        let count = self.live_count(question).await?;
        let is_equal = match count {
            None => {
                outcome.warnings.push(t!("refresh.no_count", entity = self.label(question)).into_owned());
                true
            }
            Some(count) if leaves_out_deleted => count + self.deleted(question, &list)? == held,
            Some(count) => count == held,
        };
        if !is_equal {
            self.progress.say(&t!(
                "refresh.walk_all",
                entity = self.label(question),
                count = count.unwrap_or(0),
                held = held
            ));
            let mut all = self.read_all(question).await?;
            all.reports.splice(0..0, outcome.reports);
            return Ok(all);
        }
        self.mirror.together(|| self.mirror.finish_refresh(&list, Some(now.as_second()), count))?;
        outcome.list = self.mirror.list(&list.entity, &list.question)?;
        Ok(outcome)
    }

    /// The service's total of a list now.
    ///
    /// # Errors
    /// The service fails.
    pub async fn live_count(&self, question: &Question<'_>) -> Result<Option<u64>> {
        let page = super::pages::Page { number: 1, size: 1 };
        let url = question.address(self.client.target(), self.client.service(), Some(page));
        Ok(self.total(question, &self.fetch(url).await?))
    }

    /// How a question is called.
    pub fn label(&self, question: &Question<'_>) -> String {
        question.entity.label(crate::language::Language::current()).to_owned()
    }

    fn read_window_of(&self, list: &List) -> Result<Window> {
        Ok(self.mirror.window(list, 0)?.unwrap_or_default())
    }

    /// Whether the service's total was seen to leave out deleted records although they are in its list.
    fn leaves_out_deleted(&self, question: &Question<'_>, list: &List) -> Result<bool> {
        let held = self.mirror.held(list)?;
        match list.total {
            Some(total) if total < held => Ok(total + self.deleted(question, list)? == held),
            _ => Ok(false),
        }
    }

    fn deleted(&self, question: &Question<'_>, list: &List) -> Result<u64> {
        if question.entity.deleted.is_none() {
            return Ok(0);
        }
        let mut deleted = 0;
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(list, &last, 1000)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(deleted);
            };
            last = key.clone();
            let is_deleted = |body: &[u8]| {
                serde_json::from_slice::<Value>(body).is_ok_and(|record| record::is_deleted(question.entity, &record))
            };
            deleted += batch.records.iter().filter(|(_, body)| is_deleted(body)).count() as u64;
        }
    }

    fn report(&self, question: &Question<'_>, list: &List, window: &Window, records: u64, passes: u32) -> Report {
        Report {
            entity: question.entity.name.clone(),
            path: question.endpoint.path.clone(),
            filter: question.filter(),
            began: list.began.map(|began| super::question::time_of(began, self.client.service()).to_string()),
            count_before: window.count_before,
            count_after: window.count_after,
            records,
            pages: window.pages,
            passes,
            joined: window.is_joined,
        }
    }
}

/// `read` records of which `deleted` are marked so; `before` is what the pass before read and what the service said then.
fn judge(window: &Window, read: u64, deleted: u64, before: Option<(u64, Option<u64>)>, passes: u32) -> Completeness {
    let agrees = window.count_after.is_some_and(|count| count == read || count + deleted == read);
    let is_exact = window.count_after == Some(read);
    let is_steady = before == Some((read, window.count_after));
    match (window.is_joined, window.count_after) {
        // Nothing lies between the pages: the total can only confirm it.
        (true, None) => Completeness::Whole,
        (true, Some(_)) if agrees => Completeness::Whole,
        (true, Some(_)) if passes >= 2 => Completeness::WholeAgainstCount,
        (false, Some(_)) if is_exact && window.count_before == window.count_after => Completeness::Whole,
        // The borders between pages are unproven: two readings that are alike have to do.
        (false, _) if is_steady => Completeness::WholeAgainstCount,
        (false, _) if passes >= MOST_PASSES => Completeness::Incomplete,
        _ => Completeness::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(is_joined: bool, before: Option<u64>, after: Option<u64>) -> Window {
        Window { is_joined, count_before: before, count_after: after, ..Window::default() }
    }

    #[test]
    fn joined_pages_are_whole_once_the_total_agrees_or_is_proved_wrong() {
        assert_eq!(judge(&window(true, Some(10), Some(10)), 10, 0, None, 1), Completeness::Whole);
        assert_eq!(judge(&window(true, None, None), 10, 0, None, 1), Completeness::Whole);
        assert_eq!(judge(&window(true, Some(10), Some(9)), 10, 0, None, 1), Completeness::Again);
        assert_eq!(judge(&window(true, Some(10), Some(9)), 10, 1, None, 1), Completeness::Whole);
        assert_eq!(
            judge(&window(true, Some(9), Some(9)), 10, 0, Some((10, Some(9))), 2),
            Completeness::WholeAgainstCount
        );
    }

    #[test]
    fn unproven_borders_need_a_total_that_stands_still_or_two_equal_readings() {
        assert_eq!(judge(&window(false, Some(10), Some(10)), 10, 0, None, 1), Completeness::Whole);
        assert_eq!(judge(&window(false, Some(11), Some(10)), 10, 0, None, 1), Completeness::Again);
        assert_eq!(judge(&window(false, None, None), 10, 0, None, 1), Completeness::Again);
        assert_eq!(judge(&window(false, None, None), 10, 0, Some((10, None)), 2), Completeness::WholeAgainstCount);
        assert_eq!(judge(&window(false, Some(9), Some(9)), 10, 0, Some((11, Some(9))), 3), Completeness::Incomplete);
    }
}
