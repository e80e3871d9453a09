//! Whether what a list does not give any more is gone. A service that fails may say that there is nothing: where most of what was
//! there before is missing, or much of it all at once, some of it is asked for by its own page.

use super::decision::is_far_below;
use super::details::is_denial;
use super::evidence::record_of;
use super::list_query::ListQuery;
use super::refreshed_list::ListReport;
use super::refresher::Refresher;
use crate::api::Single;
use crate::error::Result;
use crate::mirror::List;
use crate::projection::is_deleted;

/// Records that are asked for.
const ASKED_FOR: usize = 3;

impl Refresher<'_> {
    /// A record that is there by its own page, of those that a reading of all records lacks: where it lacks more than it has, or
    /// the service counted far more when this command began.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn vanished(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        reports: &[ListReport],
    ) -> Result<Option<String>> {
        let Some(get) = query.entity.endpoint("get") else { return Ok(None) };
        let (seen, held) = (self.mirror.seen(list)?, self.mirror.held(list)?);
        let most = reports.iter().filter_map(|report| report.count_before).max().unwrap_or(0);
        let has_fallen = is_far_below(seen, most) && held > seen;
        // What is asked for by something else may have changed.
        if !has_fallen && held <= seen * 2 || !query.text(self.client.service()).is_empty() {
            return Ok(None);
        }
        for id in self.mirror.not_seen(list, ASKED_FOR)? {
            self.stop.check()?;
            let is_there = match self.ask_briefly(self.address_of(get, &id)).await? {
                Single::Document(document) => record_of(query.entity, get, &document, &id)
                    .is_some_and(|record| !is_deleted(query.entity, &record)),
                // It was among those of this very command: the login may have lost its rights since.
                Single::Rejected(rejection) => has_fallen && (rejection.is_page || is_denial(&rejection)),
                Single::Failing(_) => has_fallen,
            };
            if is_there {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
