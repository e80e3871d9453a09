//! Reads one filter of a list to its end, several pages ahead, storing them in order. What is stored is enough to go on
//! from after a kill: the position, and the keys of the last page, which the next one has to join.

use futures::{StreamExt, stream};

use super::pages::{self, Page};
use super::{Question, Refresh, record};
use crate::api::{self, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::mirror::{Key, List, Window};

/// Pages in a row that bring nothing new before the service is said to repeat itself.
const REPEATED_PAGES: u32 = 5;
/// Pages beyond twice what the service's own total makes likely before the list is said to have no end.
const SURPLUS_PAGES: u64 = 50;

/// Times a page may fail to join, beyond half of all pages, before the list is said to have no order.
const MOST_BACKS: u64 = 50;

/// What a page meant for the reading.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Go on.
    On,
    /// Go on, although nothing new was in it.
    Same,
    /// That was the last one.
    End,
    /// It does not join the page before: begin earlier.
    Back,
    /// What is known of the page size has changed: plan anew.
    Replan,
}

impl Refresh<'_> {
    /// Reads the `number`-th filter of a list's pass to its end, from where an earlier command left it.
    ///
    /// # Errors
    /// The user stops, the service fails, or its pages repeat or never end.
    pub(super) async fn read_window(&self, list: &List, question: &Question<'_>, number: i64) -> Result<Window> {
        let filter = question.filter();
        let mut window = self.mirror.window(list, number)?.filter(|window| window.filter == filter).unwrap_or(Window {
            number,
            filter,
            is_joined: true,
            ..Window::default()
        });
        let mut overlap = 1;
        let mut repeated = 0;
        let mut backs = 0;
        while !window.is_finished {
            self.stop.check()?;
            let ahead = self.plan(&window, overlap, question).map(|page| {
                let url = question.address(self.client.target(), self.client.service(), page);
                let answer = self.fetch(url);
                async move { (page, answer.await) }
            });
            let mut answers = stream::iter(ahead).buffered(self.client.limiter().ceiling());
            let mut step = Step::On;
            while let Some((page, answer)) = answers.next().await {
                let answer = answer.map_err(|error| unfinished(error, &window))?;
                step = match page {
                    Some(page) => self.take_page(list, question, &mut window, page, &answer)?,
                    None => self.take_whole(list, question, &mut window, &answer)?,
                };
                self.progress.set(window.position, window.count_after);
                repeated = if step == Step::Same { repeated + 1 } else { 0 };
                if !matches!(step, Step::On | Step::Same) {
                    break;
                }
                overlap = 1;
                refuse_endless(question, &window, repeated)?;
            }
            match step {
                Step::On | Step::Same | Step::Replan => {}
                Step::End => {
                    window.is_finished = true;
                    self.mirror.put_window(list, &window)?;
                }
                // At the beginning of the list everything joins, so this ends.
                Step::Back => {
                    overlap = (overlap * 4).min(window.position.max(1));
                    backs += 1;
                    if backs > MOST_BACKS + window.pages / 2 {
                        return Err(changing(question));
                    }
                }
            }
        }
        Ok(window)
    }

    /// The pages to ask for from here: one before anything is known, then as many as the total makes likely. None stands
    /// for a list that has no pages.
    fn plan(
        &self,
        window: &Window,
        overlap: u64,
        question: &Question<'_>,
    ) -> impl Iterator<Item = Option<Page>> + use<> {
        let largest = match window.size {
            0 => u64::from(self.catalog.service.paging.advised),
            size => size,
        };
        let is_first = window.size == 0;
        let is_paged = question.endpoint.paged;
        let is_fixed = window.is_fixed;
        let expected = window.count_after;
        let mut position = window.position;
        let mut overlap = overlap;
        let mut is_planned = false;
        let stop = self.stop.clone();
        std::iter::from_fn(move || {
            if is_planned && (is_first || stop.is_set() || expected.is_some_and(|count| position >= count)) {
                return None;
            }
            is_planned = true;
            if !is_paged {
                return Some(None);
            }
            let page = match is_fixed {
                true => Page { number: position / largest + 1, size: largest },
                false => pages::next(position, overlap, largest),
            };
            overlap = 1;
            position = page.end();
            Some(Some(page))
        })
    }

    fn take_whole(&self, list: &List, question: &Question<'_>, window: &mut Window, answer: &Document) -> Result<Step> {
        let keys = self.store_page(list, question, window, answer, |window, keys| {
            window.position = keys.len() as u64;
        })?;
        // A list that should have no pages and says it holds more has some after all.
        match window.count_after.is_some_and(|count| count > keys as u64) {
            true => Err(Error::cannot_run(message!("refresh.has_pages", path = question.endpoint.path))
                .hint(message!("refresh.has_pages_hint", entity = question.entity.name))),
            false => Ok(Step::End),
        }
    }

    fn take_page(
        &self,
        list: &List,
        question: &Question<'_>,
        window: &mut Window,
        page: Page,
        answer: &Document,
    ) -> Result<Step> {
        let wrapper = question.endpoint.answer.as_deref().unwrap_or_default();
        let records = api::records(answer, wrapper).ok_or_else(|| no_list(question))?;
        let length = records.len() as u64;
        let is_first = window.pages == 0;
        if length > page.size && !window.is_fixed {
            // Whatever is asked for, pages have a size of their own; begin again with it.
            let (number, filter) = (window.number, std::mem::take(&mut window.filter));
            *window = Window { number, filter, size: length, is_fixed: true, is_joined: true, ..Window::default() };
            return Ok(Step::Replan);
        }
        let count = self.total(question, answer);
        if length == 0 {
            window.count_after = count.or(window.count_after);
            window.count_before = window.count_before.or(count);
            let should_hold_one = page.start() > 0 && page.start() < window.position;
            return Ok(if should_hold_one { Step::Back } else { Step::End });
        }
        let keys: Vec<Key> = records.iter().map(|record| record::key(question.entity, record)).collect();
        let tail: Vec<Key> = window.tail.iter().map(|id| Key::of(id)).collect();
        let is_joined = page.start() == 0 || pages::joins(&tail, &keys);
        if !is_joined && page.start() < window.position {
            return Ok(Step::Back);
        }
        let gains = pages::gains(&tail, &keys);
        self.store_page(list, question, window, answer, |window, keys| {
            window.is_joined &= is_joined;
            window.position = page.start() + length;
            if gains {
                window.tail = keys.iter().map(|key| key.text.clone()).collect();
            }
            if window.size == 0 {
                // A first page shorter than asked for, of a longer list: the service caps its pages.
                window.size = if count == Some(length) { page.size } else { length };
            }
        })?;
        let is_short = length < page.size;
        let is_all = count.is_some_and(|count| window.position >= count);
        Ok(match (is_first, is_short) {
            (true, true) if is_all => Step::End,
            (true, _) => Step::Replan,
            // The service may have more than it gave only if its own total says so.
            (false, true) if is_all || count.is_none() || !gains => Step::End,
            _ if gains => Step::On,
            _ => Step::Same,
        })
    }

    /// Stores the records of a page and how far the reading has come, together.
    fn store_page(
        &self,
        list: &List,
        question: &Question<'_>,
        window: &mut Window,
        answer: &Document,
        advance: impl FnOnce(&mut Window, &[Key]),
    ) -> Result<usize> {
        let wrapper = question.endpoint.answer.as_deref().unwrap_or_default();
        let records = api::records(answer, wrapper).ok_or_else(|| no_list(question))?;
        let keys: Vec<Key> = records.iter().map(|record| record::key(question.entity, record)).collect();
        window.count_after = self.total(question, answer);
        if window.pages == 0 {
            window.count_before = window.count_after;
        }
        window.pages += 1;
        advance(window, &keys);
        self.mirror.together(|| {
            for (key, record) in keys.iter().zip(records) {
                self.store(question.entity, list, key, record)?;
            }
            self.mirror.put_window(list, window)
        })?;
        Ok(keys.len())
    }

    /// The service's own total of a list.
    pub(super) fn total(&self, question: &Question<'_>, answer: &Document) -> Option<u64> {
        let wrapper = question.endpoint.answer.as_deref().unwrap_or_default();
        api::total(answer, wrapper, &self.catalog.service.paging.count)
    }
}

fn no_list(question: &Question<'_>) -> Error {
    Error::cannot_run(message!("refresh.no_list", path = question.endpoint.path))
        .hint(message!("refresh.no_list_hint", entity = question.entity.name))
}

/// The error for a list that cannot be held on to.
pub(super) fn changing(question: &Question<'_>) -> Error {
    let label = question.entity.label(crate::language::Language::current());
    Error::stopped(message!("refresh.changing", entity = label)).hint(message!("refresh.changing_hint"))
}

/// Pages that repeat or never end are the service's mistake; reading on would never stop.
fn refuse_endless(question: &Question<'_>, window: &Window, repeated: u32) -> Result<()> {
    let path = &question.endpoint.path;
    if repeated >= REPEATED_PAGES {
        return Err(Error::stopped(message!("refresh.repeating", path = path, pages = window.pages))
            .hint(message!("refresh.endless_hint")));
    }
    let likely = window.count_before.max(window.count_after).map(|count| count / window.size.max(1));
    if likely.is_some_and(|pages| window.pages > pages * 2 + SURPLUS_PAGES) {
        return Err(Error::stopped(message!("refresh.endless", path = path, pages = window.pages))
            .hint(message!("refresh.endless_hint")));
    }
    Ok(())
}

/// A failure after some pages are stored: the same command goes on from them.
fn unfinished(error: Error, window: &Window) -> Error {
    if error.kind() != ErrorKind::CannotRun || window.pages == 0 {
        return error;
    }
    Error::stopped(error.into_message()).hint(message!("refresh.continue_hint"))
}
