//! What an export was asked for, told again: as typed for those who repeat it, in words for those who read the sheet.

use jiff::civil::{DateTime, Time};

use super::plan::ExportPlan;
use crate::language::Language;
use crate::t;

/// Where a span of whole days begins and ends.
const DAY_BEGIN: Time = Time::midnight();
const DAY_END: Time = Time::constant(23, 59, 59, 0);

/// The filters as typed, each span with its days.
pub(super) fn filters(plan: &ExportPlan<'_>) -> Vec<String> {
    let selection = &plan.options.selection;
    let typed = selection.typed.iter().map(|filter| format!("{} {}", filter.option, filter.value));
    let spans = plan.spans.iter().map(|(field, bounds)| format!("{field}: {}", bounds.name()));
    typed.chain(spans).chain(with_deleted(plan)).collect()
}

fn with_deleted(plan: &ExportPlan<'_>) -> Option<String> {
    plan.options.selection.with_deleted.then(|| "--with-deleted".to_owned())
}

/// The filters for a reader who knows nothing of the command line.
fn filters_in_words(plan: &ExportPlan<'_>, language: Language) -> Vec<String> {
    let entity = plan.options.entity;
    let spans = plan.spans.iter().map(|(name, bounds)| {
        let label = entity.field(name).map_or(name.as_str(), |field| field.label(language));
        let day = |moment: Option<DateTime>, border: Time| match moment {
            None => "…".to_owned(),
            Some(moment) if moment.time() == border => moment.date().to_string(),
            Some(moment) => moment.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        };
        format!("{label}: {} – {}", day(bounds.from, DAY_BEGIN), day(bounds.to, DAY_END))
    });
    let others = plan.options.selection.typed.iter().filter(|filter| !filter.is_time);
    let others = others.map(|filter| match filter.option {
        "--where" => filter.value.clone(),
        option => format!("{option} {}", filter.value),
    });
    spans.chain(others).chain(with_deleted(plan)).collect()
}

/// What the first sheet says beside counts.
pub(super) fn of(plan: &ExportPlan<'_>, account: &str) -> Vec<(String, String)> {
    let language = plan.options.language();
    let locale = language.pick("zh", "en");
    let filters = filters_in_words(plan, language);
    let filter = match filters.is_empty() {
        true => t!("export.summary_everything", locale = locale).into_owned(),
        false => filters.join("\n"),
    };
    let exported = plan.options.now.strftime("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        (t!("export.summary_account", locale = locale).into_owned(), account.to_owned()),
        (t!("export.summary_when", locale = locale).into_owned(), exported),
        (t!("export.summary_filter", locale = locale).into_owned(), filter),
    ]
}
