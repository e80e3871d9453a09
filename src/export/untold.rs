//! Conditions that a list cannot answer, because none of its records tells what is asked: all of them would be written, or
//! none, and nobody would know why.

use jiff::civil::{DateTime, Time};

use super::filter::{Asked, RecordFilter};
use super::plan::ExportPlan;
use super::record_reader::RecordReader;
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::List;
use crate::refresh::{ListQuery, Refresher};

/// Refuses conditions on what no record of a list tells, where the records' own pages are not asked for. A span that the
/// service was asked to filter by is taken from it where it provably does: then this tells that it is.
///
/// # Errors
/// A condition that cannot be answered; a mirror that cannot be read; the user stops; the service fails.
pub(super) async fn refuse_untold(
    refresher: &Refresher<'_>,
    plan: &ExportPlan<'_>,
    list: &List,
    filter: &RecordFilter<'_>,
) -> Result<bool> {
    let reader = RecordReader::new(refresher, plan, list);
    let mut untold = filter.asks();
    if untold.is_empty() || plan.has_details {
        return Ok(false);
    }
    let mut has_records = false;
    reader.each(&filter.everything(), |_, record, _| {
        has_records = true;
        untold.retain(|asked| !filter.is_told(record, asked));
        Ok(())
    })?;
    let Some(Asked { name, .. }) = untold.first().filter(|_| has_records) else { return Ok(false) };
    if let Some(query) = plan.exact.as_ref().filter(|_| untold.iter().all(|asked| plan.asked.contains(&asked.name)))
        && has_whole_days(plan)
        && leaves_out(refresher, query).await?
    {
        return Ok(true);
    }
    let hint = match filter.entity.endpoint("get") {
        Some(_) => message!("export.add_details_hint"),
        None => message!("export.untold_hint"),
    };
    Err(Error::usage(message!("export.untold", entity = filter.entity.name, column = name)).hint(hint))
}

/// Has a filter look for what the list has blank in all of its records: where their own pages are asked for, they decide.
///
/// # Errors
/// A mirror that cannot be read; the user stops.
pub(super) fn note_unsaid(
    refresher: &Refresher<'_>,
    plan: &ExportPlan<'_>,
    list: &List,
    filter: &mut RecordFilter<'_>,
) -> Result<()> {
    if !plan.has_details {
        return Ok(());
    }
    let reader = RecordReader { detail: None, ..RecordReader::new(refresher, plan, list) };
    let everything = filter.everything();
    filter.note_unsaid(|with| {
        let counts = reader.each(&everything, |_, record, _| {
            with(record);
            Ok(())
        });
        counts.map(drop)
    })
}

/// Whether the spans that are meant begin and end with a day, as they do in what the service is asked.
fn has_whole_days(plan: &ExportPlan<'_>) -> bool {
    let begins = |moment: DateTime| moment.time() == Time::midnight();
    let ends = |moment: DateTime| moment.date().at(23, 59, 59, 0) == moment;
    plan.spans.iter().all(|(_, bounds)| bounds.from.is_none_or(begins) && bounds.to.is_none_or(ends))
}

/// Whether the service leaves anything out because of a query's filters.
async fn leaves_out(refresher: &Refresher<'_>, query: &ListQuery<'_>) -> Result<bool> {
    let mut all: ListQuery<'_> = query.clone();
    all.parameters.clear();
    let counts = (refresher.live_count(query).await?, refresher.live_count(&all).await?);
    Ok(matches!(counts, (Some(some), Some(all)) if some < all))
}
